"""How crops are cut out of drawings."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between


@dataclasses.dataclass(frozen=True)
class CropSettings:
    """What is cut out of annotated drawings.

    Attributes:
        margin: room on each side of a box, as a share of its longer side, 0..2.
        smallest_side: boxes whose longer side is shorter, in pixels, are named and left out.
        backgrounds_per_page: windows without a symbol from every page; 0 for none.
        background_iou: largest overlap (IoU) of such a window with any box, 0..1.
        ink_share: least share of ink in such a window, 0..1.
        seed: of the choice of backgrounds.
    """

    margin: float = 0.15
    smallest_side: float = 4.0
    backgrounds_per_page: int = 20
    background_iou: float = 0.1
    ink_share: float = 0.02
    seed: int = 0

    def __post_init__(self) -> None:
        check_between("margin", self.margin, 0, 2)
        check_at_least("smallest_side", self.smallest_side, 1)
        check_at_least("backgrounds_per_page", self.backgrounds_per_page, 0)
        check_between("background_iou", self.background_iou, 0, 1)
        check_between("ink_share", self.ink_share, 0, 1)
        check_at_least("seed", self.seed, 0)
