"""A folder of pictures to a file of embeddings, beside its encoder alone."""

from __future__ import annotations

import pathlib
import tempfile
import time
import weakref
from collections.abc import Callable

import numpy as np

from simclr_tf.data import index_pictures
from simclr_tf.encoders import build_encoder
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.protocols import EmbeddingSettings, embed_pictures


def embed(
    encoder: str, width: float, image_size: int, batch_size: int, data_dir: str
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second, from the folder to the file of embeddings.

    Finding the files, their digests, loading and tracing the encoder are part of it.
    """
    saved = tempfile.TemporaryDirectory()
    encoder_file = pathlib.Path(saved.name, "encoder.keras")
    _encoder(encoder, width, image_size).save(encoder_file)
    settings = EmbeddingSettings(image_size=image_size, batch_size=batch_size)

    def run(count: int) -> float:
        begin, done = time.perf_counter(), 0
        for _ in range(count):
            with tempfile.TemporaryDirectory() as output:
                index = index_pictures(data_dir, cache_dir=output)
                embedded = pathlib.Path(output, "embeddings.npz")
                done += embed_pictures(
                    index, encoder_file, embedded, settings, root=data_dir
                ).num_new
        return done / (time.perf_counter() - begin)

    weakref.finalize(run, saved.cleanup)
    return run


def bare(
    encoder: str, width: float, image_size: int, batch_size: int, data_dir: str
) -> Callable[[int], float]:
    """Returns a task that gives pictures a second of the encoder, whose pictures are decoded."""
    with tempfile.TemporaryDirectory() as cache_dir:
        index = index_pictures(data_dir, cache_dir=cache_dir)
        decoded = index.decode(index.ids, image_size, "crop")
        images = np.stack([picture for picture in decoded if not isinstance(picture, str)])
    extract = FeatureExtractor(_encoder(encoder, width, image_size), batch_size, frozen=True)
    extract(images[:batch_size])

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            extract(images)
        return len(images) * count / (time.perf_counter() - begin)

    return run


def _encoder(encoder: str, width: float, image_size: int):
    return build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
