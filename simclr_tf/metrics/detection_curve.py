"""What a detector does at each threshold of its score: recall, precision and false alarms."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from simclr_tf.checks import check_between


@dataclasses.dataclass(frozen=True)
class OperatingPoint:
    """What is found when the boxes of at least one score are reported.

    Attributes:
        score: The threshold; infinite when nothing is reported, NaN when there is no such point.
        precision: Share of the reported boxes that are true; 1 when nothing is reported.
        recall: Share of the true boxes that are found; NaN when there are none.
        false_alarms_per_page: Reported boxes that are not true, per page.
        clean_pages: Share of the pages without a false alarm.
    """

    score: float
    precision: float
    recall: float
    false_alarms_per_page: float
    clean_pages: float


_NOWHERE = OperatingPoint(math.nan, math.nan, math.nan, math.nan, math.nan)


@dataclasses.dataclass(frozen=True, eq=False)
class DetectionCurve:
    """The operating points of a detector, all classes together.

    A threshold cannot part boxes of equal scores, so these go together.

    Args:
        scores: Scores of all found boxes `[n]`.
        is_match: Whether each is a match, bool `[n]`.
        pages: Page of each, int `[n]`.
        truth_count: True boxes on all pages.
        page_count: Pages, at least 1.

    Attributes:
        thresholds: Infinity and the different scores in falling order, `[p]`.
        hits: True boxes found at each threshold, `[p]`.
        false_alarms: Other boxes found, `[p]`.
        stained_pages: Pages with a false alarm, `[p]`.
    """

    scores: dataclasses.InitVar[np.ndarray]
    is_match: dataclasses.InitVar[np.ndarray]
    pages: dataclasses.InitVar[np.ndarray]
    truth_count: int
    page_count: int
    thresholds: np.ndarray = dataclasses.field(init=False)
    hits: np.ndarray = dataclasses.field(init=False)
    false_alarms: np.ndarray = dataclasses.field(init=False)
    stained_pages: np.ndarray = dataclasses.field(init=False)

    def __post_init__(self, scores: np.ndarray, is_match: np.ndarray, pages: np.ndarray) -> None:
        order = np.argsort(-scores, kind="stable")
        scores, is_match, pages = scores[order], is_match[order], pages[order]
        false = np.flatnonzero(~is_match)
        first_on_page = np.zeros(len(scores), bool)
        first_on_page[false[np.unique(pages[false], return_index=True)[1]]] = True
        last_of_score = np.flatnonzero(np.diff(scores, append=np.nan) != 0)

        def counted(flags: np.ndarray) -> np.ndarray:
            return np.concatenate([[0], np.cumsum(flags)[last_of_score]])

        values = {
            "thresholds": np.concatenate([[math.inf], scores[last_of_score]]),
            "hits": counted(is_match),
            "false_alarms": counted(~is_match),
            "stained_pages": counted(first_on_page),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def precision(self) -> np.ndarray:
        """Share of the reported boxes that are true at each threshold, `[p]`; 1 where none are."""
        reported = self.hits + self.false_alarms
        return np.where(reported > 0, self.hits / np.maximum(reported, 1), 1.0)

    @property
    def recall(self) -> np.ndarray:
        """Share of the true boxes found at each threshold, `[p]`; NaN when there are none."""
        return self.hits / self.truth_count if self.truth_count else np.full(len(self.hits), np.nan)

    def at_score(self, score: float) -> OperatingPoint:
        """Returns what is found when the boxes of at least `score` are reported."""
        point = self._point(int(np.searchsorted(-self.thresholds, -score, "right")) - 1)
        return dataclasses.replace(point, score=float(score))

    def at_recall(self, recall: float) -> OperatingPoint:
        """Returns the highest threshold that reaches a recall, from 0 to 1; NaN where none does."""
        check_between("recall", recall, 0.0, 1.0)
        return self._first(np.flatnonzero(self.recall >= recall))

    def at_precision(self, precision: float) -> OperatingPoint:
        """Returns the lowest threshold with at least this precision, from 0 to 1.

        It is the one with the highest recall; where no threshold has the precision, nothing is
        reported.
        """
        check_between("precision", precision, 0.0, 1.0)
        return self._point(int(np.flatnonzero(self.precision >= precision)[-1]))

    def _first(self, places: np.ndarray) -> OperatingPoint:
        return self._point(int(places[0])) if len(places) else _NOWHERE

    def _point(self, place: int) -> OperatingPoint:
        return OperatingPoint(
            score=float(self.thresholds[place]),
            precision=float(self.precision[place]),
            recall=float(self.recall[place]),
            false_alarms_per_page=float(self.false_alarms[place] / self.page_count),
            clean_pages=float(1 - self.stained_pages[place] / self.page_count),
        )
