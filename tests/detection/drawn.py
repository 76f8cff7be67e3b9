"""Small pages with symbols drawn by Pillow."""

import numpy as np
from PIL import Image, ImageDraw

SIDE = 32
NAMES = ("arrow", "cross", "house")
# In unit coordinates, y down; none looks like another when turned.
SHAPES = {
    "arrow": [[(0, 0.5), (1, 0.5)], [(0.6, 0.1), (1, 0.5), (0.6, 0.9)]],
    "cross": [[(0, 0), (1, 1)], [(0, 1), (1, 0)], [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]],
    "house": [[(0, 1), (0, 0.4), (0.5, 0), (1, 0.4), (1, 1), (0, 1)], [(0.4, 1), (0.4, 0.6)]],
}


def draw_symbol(name, side=SIDE, quarters=0, ink=0, paper=255):
    """Returns the symbol in its box, uint8 `[side, side]`, turned clockwise by quarters."""
    picture = Image.new("L", (side, side), paper)
    canvas = ImageDraw.Draw(picture)
    for path in SHAPES[name]:
        canvas.line([(x * (side - 3) + 1, y * (side - 3) + 1) for x, y in path], ink, 2)
    return np.rot90(np.asarray(picture), -quarters)


def draw_page(symbols, height=160, width=240, ink=0, paper=255):
    """Returns a page with some lines and symbols, `(name, x, y, quarters)` by upper left corner."""
    picture = Image.new("L", (width, height), paper)
    canvas = ImageDraw.Draw(picture)
    canvas.line([(0, height // 2), (width, height // 2)], ink, 2)
    canvas.text((width // 2, 6), "PLAN 7", ink)
    page = np.array(picture)
    for name, x, y, quarters in symbols:
        page[y : y + SIDE, x : x + SIDE] = draw_symbol(name, SIDE, quarters, ink, paper)
    return page


def box_at(x, y):
    return [x, y, x + SIDE, y + SIDE]
