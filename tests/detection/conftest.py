import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import AnnotatedDrawing
from simclr_tf.detection import SymbolGallery
from simclr_tf.detection.gallery import cut_example
from simclr_tf.detection.ink import ink_map
from tests.detection.drawn import NAMES, box_at, draw_page, draw_symbol


@pytest.fixture
def annotated(tmp_path):
    """An annotated page with one symbol of each class, and its file."""
    places = [("arrow", 20, 20, 0), ("cross", 100, 30, 0), ("house", 180, 100, 0)]
    page = draw_page(places)
    path = tmp_path / "train.png"
    Image.fromarray(page).save(path)
    boxes = np.array([box_at(x, y) for _, x, y, _ in places], np.float64)
    drawing = AnnotatedDrawing(str(path), page.shape[1], page.shape[0], boxes, np.arange(3))
    return page, drawing


@pytest.fixture
def gallery(annotated):
    """One example of each class, cut from the annotated page."""
    page, drawing = annotated
    ink = ink_map(page)
    return SymbolGallery(tuple(cut_example(ink, drawing, row) for row in range(3)), NAMES)


@pytest.fixture
def symbol_folder(tmp_path):
    folder = tmp_path / "symbols"
    folder.mkdir()
    for name in NAMES:
        Image.fromarray(np.pad(draw_symbol(name, 64), 8, constant_values=255)).save(
            folder / f"{name}.png"
        )
    return folder
