"""Which symbols are on which plans: classes that are trained on, and others only in the test."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from simclr_tf.checks import check_between, check_one_of
from simclr_tf.data.floor_plans.picture_symbol import PictureSymbol
from simclr_tf.data.symbols.classes import SymbolClass, symbol_classes

SPLIT_NUMBERS = {"train": 0, "validation": 1, "test": 2}
# How many classes of each kind a page has; those of test are half of both.
_SEEN_PER_PAGE = {"train": 5, "validation": 5, "test": 3}
_UNSEEN_PER_PAGE = 2
# How often symbols of a class stand on a page; the first class that is only in test has four.
_REPEATS = (1, 1, 2, 2, 3, 4)
_FIRST_UNSEEN_REPEATS = 4


@dataclasses.dataclass(frozen=True, eq=False)
class PlanClasses:
    """The classes of symbols on floor plans.

    Args:
        classes: All classes; label `i` means `classes[i]`.
        seen: Labels of the classes on the plans of every split, rising.
        unseen: Labels of the classes on the plans of `test` only, rising.
    """

    classes: tuple[SymbolClass, ...] | tuple[PictureSymbol, ...]
    seen: tuple[int, ...]
    unseen: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all classes."""
        return tuple(symbol_class.name for symbol_class in self.classes)

    def of_page(
        self, split: str, number: int, rng: np.random.Generator
    ) -> list[tuple[int, SymbolClass | PictureSymbol]]:
        """Returns label and class of each symbol that a page should have.

        Over the pages of a split, all its classes come about equally often.

        Args:
            split: `"train"`, `"validation"` or `"test"`.
            number: The page's number in it, from 0.
            rng: Source of how often each class comes.
        """
        check_one_of("split", split, SPLIT_NUMBERS)
        labels: list[int] = []
        if split == "test" and self.unseen:
            for place, label in enumerate(_dealt(self.unseen, split, number, _UNSEEN_PER_PAGE)):
                repeats = _REPEATS[rng.integers(len(_REPEATS))]
                labels += [label] * (repeats if place else _FIRST_UNSEEN_REPEATS)
        for label in _dealt(self.seen, split, number, _SEEN_PER_PAGE[split]):
            labels += [label] * _REPEATS[rng.integers(len(_REPEATS))]
        return [(label, self.classes[label]) for label in labels]


def _dealt(labels: tuple[int, ...], split: str, number: int, count: int) -> list[int]:
    """Deals `count` different labels to page `number` from one shuffled pack after another."""
    packs: list[int] = []
    count = count if labels else 0
    while len(packs) < (number + 1) * count:
        rng = np.random.default_rng([SPLIT_NUMBERS[split], len(labels), len(packs)])
        packs += rng.permutation(labels).tolist()
    return list(dict.fromkeys(packs[number * count : (number + 1) * count]))


@functools.cache
def plan_classes(count: int = 60, unseen_share: float = 0.25) -> PlanClasses:
    """Returns the first `count` classes of `symbols`, a share of them kept for the test.

    Args:
        count: Number of classes, from 1 to 2000, default 60.
        unseen_share: Share of the classes that are on the plans of `test` only, from 0 to 0.9.

    Raises:
        ValueError: An argument is out of range.
    """
    check_between("unseen_share", unseen_share, 0.0, 0.9)
    classes = tuple(symbol_classes(count))
    order = np.random.default_rng(count).permutation(count)
    unseen = sorted(order[: round(count * unseen_share)].tolist())
    seen = sorted(set(range(count)) - set(unseen))
    return PlanClasses(classes, tuple(seen), tuple(unseen))
