"""What an analysis found: the measurements, what they have in common, and their JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.protocols.analysis.classes import alike_classes
from simclr_tf.protocols.analysis.copies import Copies
from simclr_tf.protocols.analysis.joined import Joined, Omission
from simclr_tf.protocols.analysis.measured import Measured
from simclr_tf.protocols.analysis.neighbours import DoubtfulLabel
from simclr_tf.protocols.analysis.settings import AnalysisSettings

# A larger matrix is drawn and not written.
_LARGEST_MATRIX = 200
_ALIKE_CLASSES = 10
_CONFUSIONS = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Findings:
    """Everything that the report tells.

    Attributes:
        joined: The pictures.
        measured: By name of the embedding, one or two.
        map_rows: int64 `[m]`: the pictures in the maps.
        copies: Copies and near-duplicates, by the first embedding.
        outliers: (row, distance), by the last embedding, the farthest first.
        doubtful: Labels worth a second look, by the last embedding.
        settings: How it was made.
        sources: Of each embedding: file, encoder, dimension, number of pictures.
    """

    joined: Joined
    measured: dict[str, Measured]
    map_rows: np.ndarray
    copies: Copies
    outliers: list[tuple[int, float]]
    doubtful: list[DoubtfulLabel]
    settings: AnalysisSettings
    sources: dict[str, dict[str, Any]]

    @property
    def first(self) -> Measured:
        """The only embedding, or the one before."""
        return next(iter(self.measured.values()))

    @property
    def last(self) -> Measured:
        """The only embedding, or the one after."""
        return list(self.measured.values())[-1]

    def omissions(self) -> list[Omission]:
        """Returns what was left out and why, beside what the files already made impossible."""
        found = list(self.joined.omissions)
        known = int((self.joined.labels != UNLABELLED).sum())
        if not known:
            parts = "accuracy, likeness of classes, confusions, same or different, clusters"
            found.append(Omission(parts, "The embeddings have no labels."))
            return [*found, *self._without_splits()]
        if known < len(self.joined):
            reason = "They have no label and take no part in what needs one."
            found.append(Omission(f"{len(self.joined) - known:,} pictures", reason))
        if self.first.retrieval is None:
            reason = "No class has two pictures, so none can be found again."
            found.append(Omission("accuracy of the classes", reason))
        if len(self.joined.class_names) < 2:
            reason = "There is only one class."
            found.append(Omission("likeness of classes, confusions, clusters", reason))
        if self.first.pairs is None:
            reason = "That needs two classes, and one class with two pictures."
            found.append(Omission("same or different", reason))
        elif all(
            threshold["false_accept_rate"] != self.settings.false_accept_rate
            for threshold in (self.first.pair_figures or {})["thresholds"]
        ):
            reason = (
                f"{len(self.first.pairs.different):,} different pairs say nothing of a "
                f"false-accept rate of {self.settings.false_accept_rate:g}."
            )
            found.append(Omission("the threshold", reason))
        if not self.joined.levels:
            reason = "Neither the folders nor the names of the classes hold classes inside classes."
            found.append(Omission("coarse and fine classes", reason))
        return [*found, *self._without_splits()]

    def _without_splits(self) -> list[Omission]:
        if self.joined.splits is not None:
            return []
        reason = "The names of the pictures tell of no splits (train/, validation/, test/)."
        return [Omission("copies across splits", reason)]

    def as_json(self, omissions: list[Omission]) -> dict[str, Any]:
        """Returns all figures, as they stand in analysis.json."""
        joined = self.joined
        labels = joined.labels
        ids, names = joined.ids, [*joined.class_names, ""]
        counts = np.bincount(labels[labels != UNLABELLED], minlength=len(joined.class_names))
        return {
            "pictures": len(joined),
            "classes": dict(zip(joined.class_names, counts.tolist(), strict=True)),
            "sources": self.sources,
            "left_out": [dataclasses.asdict(omission) for omission in omissions],
            "embeddings": {name: self._figures(one) for name, one in self.measured.items()},
            "copies": self.copies.figures,
            "outliers": [
                {"picture": ids[row], "class": names[labels[row]], "distance": distance}
                for row, distance in self.outliers[: self.settings.examples]
            ],
            "doubtful_labels": len(self.doubtful),
            "settings": dataclasses.asdict(self.settings),
        }

    def _figures(self, one: Measured) -> dict[str, Any]:
        names = self.joined.class_names
        matrix = one.similarity
        alike = [] if matrix is None else alike_classes(matrix, _ALIKE_CLASSES)
        small = matrix is not None and len(matrix) <= _LARGEST_MATRIX
        return {
            "retrieval": one.retrieval,
            "uniformity": one.uniformity,
            "pca_share_of_variance": one.pca_share,
            "same_or_different": one.pair_figures,
            "levels": one.levels,
            "clusters": one.clusters,
            "alike_classes": [
                {"classes": [names[a], names[b]], "mean_cosine": value} for a, b, value in alike
            ],
            "class_similarity": {"classes": names, "mean_cosines": matrix} if small else None,
            "confusions": [
                {
                    "class": names[pair.label],
                    "nearest_class": names[pair.other],
                    "pictures": pair.count,
                    "share": pair.share,
                }
                for pair in one.confusions[:_CONFUSIONS]
            ],
        }
