"""A gallery of the embedded symbols: one clean picture of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simclr_tf.data.paper import symbol_paper
from simclr_tf.data.symbols.classes import SymbolClass
from simclr_tf.data.symbols.render import render_symbol
from simclr_tf.data.symbols.style import CLEAN
from simclr_tf.detection.example import SymbolExample, from_ink
from simclr_tf.detection.gallery import SymbolGallery
from simclr_tf.detection.ink import ink_map

# Side of the pictures in pixels: no symbol on a page is larger.
_SIDE = 128


def drawn_gallery(classes: Sequence[SymbolClass]) -> SymbolGallery:
    """Returns one picture of each class, black on white and upright, as a legend shows it.

    Args:
        classes: At least one; label `i` means `classes[i]`.
    """
    examples = []
    for label, symbol_class in enumerate(classes):
        # Nothing varies in a clean picture.
        picture = render_symbol(symbol_class, _SIDE, np.random.default_rng(0), CLEAN)
        empty = SymbolExample(label, np.zeros((1, 1), np.uint8), 0, False, symbol_class.name)
        examples.append(from_ink(ink_map(picture, symbol_paper(picture)), empty))
    return SymbolGallery(tuple(examples), tuple(one.name for one in classes))
