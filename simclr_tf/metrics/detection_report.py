"""The measures of a detector on annotated pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from simclr_tf.metrics.detection_curve import DetectionCurve
from simclr_tf.metrics.detection_matching import IOU_THRESHOLDS


@dataclasses.dataclass(frozen=True, eq=False)
class DetectionReport:
    """What `evaluate_detections` measured.

    Attributes:
        labels: Classes with a true or a found box, rising, int64 `[K]`.
        truth_counts: True boxes of each class, int64 `[K]`.
        average_precision: Of each class at each of COCO's ten thresholds, float64 `[K, 10]`; NaN
            for a class without true boxes.
        recall: Highest recall of each class at each threshold, float64 `[K, 10]`; NaN likewise.
        curve: Operating points at an intersection over union of 0.5, all classes together.
        ious: Intersection over union of each match at 0.5, float64 `[m]`.
        centre_distances: Distance between the centres of each match, pixels, float64 `[m]`.
        relative_distances: The same as a share of the true box's diagonal, float64 `[m]`.
    """

    labels: np.ndarray
    truth_counts: np.ndarray
    average_precision: np.ndarray
    recall: np.ndarray
    curve: DetectionCurve
    ious: np.ndarray
    centre_distances: np.ndarray
    relative_distances: np.ndarray

    @property
    def map_50(self) -> float:
        """Mean average precision at an intersection over union of 0.5; NaN without true boxes.

        The mean is that over the classes that have true boxes.
        """
        return _mean_of_known(self.average_precision[:, 0])

    @property
    def map_75(self) -> float:
        """Mean average precision at an intersection over union of 0.75."""
        return _mean_of_known(self.average_precision[:, 5])

    @property
    def map_50_95(self) -> float:
        """Mean over the thresholds 0.5, 0.55, ..., 0.95 of the mean average precision."""
        return _mean_of_known(self.average_precision)

    @property
    def average_recall(self) -> float:
        """Mean over thresholds and classes of the highest recall."""
        return _mean_of_known(self.recall)

    def false_alarms_per_page(self, recall: float) -> float:
        """Returns the false alarms per page at the highest threshold that reaches `recall`.

        Args:
            recall: From 0 to 1.

        Returns:
            NaN where no threshold reaches it.
        """
        return self.curve.at_recall(recall).false_alarms_per_page

    def per_class(self, class_names: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """Returns `count`, `ap_50`, `ap_50_95` and `recall_50` of each class.

        Args:
            class_names: Names of the labels, by which the classes go; the labels by default.
        """
        return {
            str(label) if class_names is None else class_names[label]: {
                "count": int(self.truth_counts[row]),
                "ap_50": float(self.average_precision[row, 0]),
                "ap_50_95": float(self.average_precision[row].mean()),
                "recall_50": float(self.recall[row, 0]),
            }
            for row, label in enumerate(self.labels)
        }

    def localisation(self) -> dict[str, float]:
        """Returns how well the matches at 0.5 lie: means over them, NaN without a match.

        Returns:
            `iou`; `centre_pixels`: distance between the centres; `centre_share`: the same as a
            share of the true box's diagonal.
        """
        return {
            "iou": _mean_of_known(self.ious),
            "centre_pixels": _mean_of_known(self.centre_distances),
            "centre_share": _mean_of_known(self.relative_distances),
        }

    def summary(
        self,
        class_names: Sequence[str] | None = None,
        *,
        at_recall: float = 0.9,
        at_precision: float = 0.95,
    ) -> dict[str, Any]:
        """Returns everything in plain Python numbers, ready for JSON.

        Args:
            class_names: Names of the labels.
            at_recall: Recall at which the false alarms are counted, from 0 to 1.
            at_precision: Precision at which the recall is given, from 0 to 1.
        """
        return {
            "map_50": self.map_50,
            "map_75": self.map_75,
            "map_50_95": self.map_50_95,
            "average_recall": self.average_recall,
            "false_alarms_per_page": self.false_alarms_per_page(at_recall),
            "at_recall": {
                "wanted": at_recall,
                **dataclasses.asdict(self.curve.at_recall(at_recall)),
            },
            "at_precision": {
                "wanted": at_precision,
                **dataclasses.asdict(self.curve.at_precision(at_precision)),
            },
            "localisation": self.localisation(),
            "per_class": self.per_class(class_names),
            "pages": self.curve.page_count,
            "boxes": self.curve.truth_count,
            "iou_thresholds": IOU_THRESHOLDS.round(2).tolist(),
        }


def _mean_of_known(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
