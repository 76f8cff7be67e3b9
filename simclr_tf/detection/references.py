"""What the crops of a page are compared with: examples turned, and drawn as small as on a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simclr_tf.detection.example import SymbolExample
from simclr_tf.detection.resampling import at_long_side
from simclr_tf.detection.settings import DetectorSettings


def reference_examples(
    examples: Sequence[SymbolExample], settings: DetectorSettings
) -> list[SymbolExample]:
    """Returns the examples at all turns and, where their size on a page is unknown, at some sizes.

    A symbol of a few pixels is blurred when it is enlarged for the encoder. A picture of hundreds
    of pixels is not, and would be embedded elsewhere.

    Args:
        examples: Upright.
        settings: Its `angles`, and the sizes between which symbols lie.
    """
    smallest, largest = settings.smallest_symbol, settings.largest_symbol
    sides = dict.fromkeys((smallest, math.sqrt(smallest * largest), largest))
    references = []
    for turn in range(settings.angles):
        for example in examples:
            turned = example.turned(360 * turn / settings.angles)
            references.append(turned)
            if not example.size_is_known:
                references += [at_long_side(turned, s) for s in sides if s < turned.long_side]
    return references
