"""The `floor_plans` data set: floor plans drawn on the spot, so nothing is downloaded."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from simclr_tf.data.floor_plans.drawn_pages import (
    CLASS_COUNT,
    PAGE_COUNTS,
    VERSION,
    draw_page,
)
from simclr_tf.data.floor_plans.plan import FloorPlan
from simclr_tf.data.floor_plans.symbol_choice import SPLIT_NUMBERS, PlanClasses, plan_classes


@dataclasses.dataclass
class FloorPlansConfig(tfds.core.BuilderConfig):
    """How many classes and pages there are."""

    class_count: int = CLASS_COUNT
    train: int = PAGE_COUNTS["train"]
    validation: int = PAGE_COUNTS["validation"]
    test: int = PAGE_COUNTS["test"]


class FloorPlans(tfds.core.GeneratorBasedBuilder):
    """Floor plans with symbols, their boxes and labels.

    Every page has the features `image` uint8 `[height, width, 3]`, `objects` (a sequence of
    `bbox`, normalised as TensorFlow Datasets has it, `label` and `angle` in degrees clockwise) and
    `page`, its number. A quarter of the classes is on the pages of `test` only: `unseen_labels`.
    Each page depends only on the version, the configuration's classes, the split and its number.

    Example:
        `FloorPlans(data_dir=folder, config="default")`, then `download_and_prepare()`.
    """

    VERSION = tfds.core.Version("{}.{}.{}".format(*VERSION))
    RELEASE_NOTES = {"1.0.0": "First release."}
    # Nothing is downloaded, so there are no checksums to look for; see `Symbols`.
    url_infos: dict[str, object] = {}
    BUILDER_CONFIGS = [
        FloorPlansConfig(name="default", description="60 classes, 204 pages."),
        FloorPlansConfig(
            name="tiny",
            description="8 classes, 8 pages, for tests.",
            class_count=8,
            train=4,
            validation=2,
            test=2,
        ),
    ]

    @property
    def classes(self) -> PlanClasses:
        """The classes, and which of them are only in `test`."""
        return plan_classes(self.builder_config.class_count)

    @property
    def unseen_labels(self) -> tuple[int, ...]:
        """Labels of the classes that are on the pages of `test` only."""
        return self.classes.unseen

    def _info(self) -> tfds.core.DatasetInfo:
        objects = {
            "bbox": tfds.features.BBoxFeature(),
            "label": tfds.features.ClassLabel(names=list(self.classes.names)),
            "angle": np.float32,
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description="Procedurally drawn floor plans with labelled symbols.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
                    "objects": tfds.features.Sequence(objects),
                    "page": np.int32,
                }
            ),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager
        return {split: self._generate_examples(split) for split in SPLIT_NUMBERS}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, object]]]:
        for number in range(getattr(self.builder_config, split)):
            yield number, _example(draw_page(self.classes, split, number), number)


def _example(plan: FloorPlan, number: int) -> dict[str, object]:
    height, width = plan.image.shape[:2]
    objects = [
        {
            "bbox": tfds.features.BBox(
                ymin=y_min / height, xmin=x_min / width, ymax=y_max / height, xmax=x_max / width
            ),
            "label": label,
            "angle": angle,
        }
        for (x_min, y_min, x_max, y_max), label, angle in zip(
            plan.boxes.tolist(), plan.labels.tolist(), plan.angles.tolist(), strict=True
        )
    ]
    stream = io.BytesIO()
    Image.fromarray(plan.image).save(stream, "PNG", compress_level=1)
    stream.seek(0)
    return {"image": stream, "objects": objects, "page": number}
