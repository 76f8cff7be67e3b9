"""The `symbols` data set: pictograms drawn on the spot, so nothing is downloaded."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from simclr_tf.data.symbols.classes import SymbolClass, symbol_classes
from simclr_tf.data.symbols.render import render_symbol

IMAGE_SIZE = 64
SPLIT_NUMBERS = {"train": 0, "validation": 1, "test": 2}


@dataclasses.dataclass
class SymbolsConfig(tfds.core.BuilderConfig):
    """How many classes there are, and how many pictures each has in every split."""

    class_count: int = 240
    train: int = 60
    validation: int = 10
    test: int = 15


class Symbols(tfds.core.GeneratorBasedBuilder):
    """Pictures of 240 classes of symbols, as if cropped from photographed plans and signs.

    Each picture depends only on the version, the split, the class and the picture's number.

    Example:
        `Symbols(data_dir=folder, config="default")`, then `download_and_prepare()`.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    # Nothing is downloaded, so there are no checksums to look for. TFDS 4.9.10 would look with
    # importlib_resources, which it does not install.
    url_infos: dict[str, object] = {}
    BUILDER_CONFIGS = [
        SymbolsConfig(name="default", description="240 classes, 20,400 pictures."),
        SymbolsConfig(
            name="tiny",
            description="8 classes, 96 pictures, for tests.",
            class_count=8,
            train=6,
            validation=2,
            test=4,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        names = [symbol_class.name for symbol_class in self._classes()]
        return tfds.core.DatasetInfo(
            builder=self,
            description="Procedurally drawn pictograms with varied inks, papers and damage.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(
                        shape=(IMAGE_SIZE, IMAGE_SIZE, 3), encoding_format="png"
                    ),
                    "label": tfds.features.ClassLabel(names=names),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager
        return {split: self._generate_examples(split) for split in SPLIT_NUMBERS}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, object]]]:
        count = getattr(self.builder_config, split)
        for label, symbol_class in enumerate(self._classes()):
            for number in range(count):
                picture = draw_picture(symbol_class, split, label, number)
                yield label * count + number, {"image": _png(picture), "label": label}

    def _classes(self) -> list[SymbolClass]:
        return symbol_classes(self.builder_config.class_count)


def draw_picture(symbol_class: SymbolClass, split: str, label: int, number: int) -> np.ndarray:
    """Returns one picture of the data set, uint8 `[64, 64, 3]`, always the same one."""
    version = Symbols.VERSION
    seed = (version.major, version.minor, version.patch, SPLIT_NUMBERS[split], label, number)
    return render_symbol(symbol_class, IMAGE_SIZE, np.random.default_rng(seed))


def _png(picture: np.ndarray) -> io.BytesIO:
    stream = io.BytesIO()
    # Noise hardly compresses, so the pictures are stored as they are: writing and reading are
    # twice as quick.
    Image.fromarray(picture).save(stream, "PNG", compress_level=0)
    stream.seek(0)
    return stream
