"""An exported encoder beside the one it was made from, and the import of a checkpoint."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from experiments.benchmarks.memory import MEBIBYTE, peak_above_now
from experiments.benchmarks.pictures import picture_files, random_pictures
from experiments.benchmarks.random_checkpoint import write_in_another_process
from experiments.benchmarks.threads import thread_count
from simclr_tf.data.decode import decode_content
from simclr_tf.encoders import build_encoder
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.export import ExportSettings, export_encoder
from simclr_tf.weights import import_encoder


def serving_default(
    encoder: str, width: float, image_size: int, batch_size: int
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of a SavedModel."""
    model = _exported(_encoder(encoder, width, image_size), image_size)
    batch = random_pictures(batch_size, image_size)

    def work() -> None:
        model.signatures["serving_default"](pictures=tf.constant(batch))["embedding"].numpy()

    return _rate(work, batch_size)


def keras_encoder(
    encoder: str, width: float, image_size: int, batch_size: int
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of the encoder, as training leaves it."""
    extract = FeatureExtractor(_encoder(encoder, width, image_size), batch_size)
    batch = random_pictures(batch_size, image_size)
    return _rate(lambda: extract(batch), batch_size)


def image_bytes(
    encoder: str, width: float, image_size: int, batch_size: int, data_dir: str
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of a SavedModel, from the bytes of files."""
    model = _exported(_encoder(encoder, width, image_size), image_size)
    contents = _contents(data_dir, batch_size)

    def work() -> None:
        model.signatures["image_bytes"](image_bytes=tf.constant(contents))["embedding"].numpy()

    return _rate(work, batch_size)


def decode_then_encode(
    encoder: str, width: float, image_size: int, batch_size: int, data_dir: str
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of decoding in threads, and then the encoder."""
    extract = FeatureExtractor(_encoder(encoder, width, image_size), batch_size)
    contents = _contents(data_dir, batch_size)
    pool = ThreadPoolExecutor(thread_count())

    def work() -> None:
        extract(np.stack(list(pool.map(lambda one: decode_content(one, image_size), contents))))

    return _rate(work, batch_size)


def import_seconds(width: float) -> Callable[[int], float]:
    """Returns a task that gives the seconds from a checkpoint of a ResNet-50 to an encoder."""
    folder, path = _checkpoint(width)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            import_encoder(path)
        return (time.perf_counter() - begin) / count

    weakref.finalize(run, folder.cleanup)
    return run


def import_memory(width: float) -> Callable[[int], float]:
    """Returns a task that gives the peak memory of an import, as a multiple of the file's size."""
    folder, path = _checkpoint(width)

    def run(count: int) -> float:
        mebibytes = path.stat().st_size / MEBIBYTE
        return peak_above_now(lambda: import_encoder(path)) / mebibytes

    weakref.finalize(run, folder.cleanup)
    return run


def _encoder(encoder: str, width: float, image_size: int) -> keras.Model:
    return build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")


def _exported(encoder: keras.Model, image_size: int):
    with tempfile.TemporaryDirectory() as folder:
        report = export_encoder(
            encoder, pathlib.Path(folder, "model"), ExportSettings(image_size=image_size)
        )
        # The weights are in memory by the end of it.
        return tf.saved_model.load(os.fspath(report.path))


def _contents(data_dir: str, count: int) -> list[bytes]:
    files = picture_files(data_dir)
    # From all over the folder; few files come several times.
    rows = np.linspace(0, len(files) - 1, count).astype(int)
    return [pathlib.Path(files[row]).read_bytes() for row in rows]


def _rate(work: Callable[[], object], pictures: int) -> Callable[[int], float]:
    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            work()
        return pictures * count / (time.perf_counter() - begin)

    return run


def _checkpoint(width: float) -> tuple[tempfile.TemporaryDirectory, pathlib.Path]:
    folder = tempfile.TemporaryDirectory()
    path = pathlib.Path(folder.name, "checkpoint.safetensors")
    write_in_another_process(path, width)
    return folder, path
