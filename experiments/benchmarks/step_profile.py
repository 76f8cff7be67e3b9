"""What TensorFlow's profiler says of our training step, of augmentation and of embedding alone."""

from __future__ import annotations

import collections
import pathlib
import time
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from experiments.benchmarks.ours.training import build_model
from experiments.benchmarks.pictures import random_pictures
from simclr_tf.augment import Augmenter, build_augmenter
from simclr_tf.encoders import build_encoder
from simclr_tf.evaluation import FeatureExtractor

_WARM_UP = 3
# A whole program, whose parts have names of their own that say nothing.
_XLA, _XLA_EVENT = "program compiled by XLA", "CpuExecutable::ExecuteAsyncOnStream"


def profile_work(
    work: str,
    *,
    encoder: str,
    width: float,
    image_size: int,
    batch_size: int,
    recipe: str,
    steps: int,
    trace: pathlib.Path,
) -> dict[str, Any]:
    """Measures some batches in bfloat16, operation by operation.

    Args:
        work: `"step"` (training), `"augment"` (two views) or `"embed"` (the frozen encoder).
        encoder: network, as the next two say.
        width: multiplier of its channels.
        image_size: height and width of the pictures.
        batch_size: pictures at once.
        recipe: of the augmentation; `""` trains on the pictures themselves.
        steps: how many batches are measured.
        trace: folder that the profiler writes to.

    Returns:
        What was measured, `step_milliseconds`, and `operations`, milliseconds a batch of every
        kind of operation, the longest first.
    """
    pictures = random_pictures(batch_size, image_size)
    if work == "step":
        run = _training(encoder, width, image_size, recipe, pictures)
    elif work == "augment":
        run = _augmentation(image_size, recipe, pictures)
    else:
        run = _embedding(encoder, width, image_size, pictures)
    for _ in range(_WARM_UP):
        run()
    tf.profiler.experimental.start(str(trace))
    begin = time.perf_counter()
    for step in range(steps):
        # By these the profiler's pages know where a batch begins.
        with tf.profiler.experimental.Trace("batch", step_num=step, _r=1):
            run()
    seconds = time.perf_counter() - begin
    tf.profiler.experimental.stop()
    newest = max(trace.rglob("*.xplane.pb"), key=lambda path: path.stat().st_mtime)
    return {
        "work": work,
        "encoder": encoder,
        "width": width,
        "image_size": image_size,
        "batch_size": batch_size,
        "recipe": recipe,
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        "step_milliseconds": 1e3 * seconds / steps,
        "operations": dict(_read_trace(newest, steps)),
    }


def _training(encoder, width, image_size, recipe, pictures) -> Callable[[], object]:
    augmenter = build_augmenter(recipe, image_size, seed=0) if recipe else Augmenter([], seed=0)
    model = build_model(encoder, width, image_size, augmenter)
    train = tf.function(model.train_step, autograph=False)
    batch = (tf.constant(pictures),)
    return lambda: float(train(batch)["loss"])


def _augmentation(image_size, recipe, pictures) -> Callable[[], object]:
    augmenter = build_augmenter(recipe, image_size, seed=0)
    augmenter.build((None, image_size, image_size, 3))
    two_views = tf.function(augmenter.two_views, autograph=False)
    batch = tf.constant(pictures)
    return lambda: tf.nest.map_structure(tf.shape, two_views(batch))


def _embedding(encoder, width, image_size, pictures) -> Callable[[], object]:
    network = build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
    extract = FeatureExtractor(network, len(pictures), frozen=True)
    return lambda: extract(pictures)


def format_profile(profile: dict[str, Any], longest: int = 15) -> str:
    """Returns the table that the script prints."""
    of_all = sum(profile["operations"].values())
    rows = [f"{'kind of operation':40} {'ms a batch':>10} {'share':>6}"]
    for kind, milliseconds in list(profile["operations"].items())[:longest]:
        rows.append(f"{kind:40} {milliseconds:10.2f} {milliseconds / of_all:6.1%}")
    rows.append(f"{'all operations':40} {of_all:10.2f}")
    rows.append(f"{'the batch, from beginning to end':40} {profile['step_milliseconds']:10.2f}")
    return "\n".join(rows)


def _read_trace(path: pathlib.Path, steps: int) -> list[tuple[str, float]]:
    # The trace's own format; TensorFlow has no other reader of it.
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    space.ParseFromString(path.read_bytes())
    times: collections.Counter[str] = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                # Operations are called `where/in/the/model:Kind`.
                where, _, kind = name.rpartition(":")
                if name == _XLA_EVENT:
                    times[_XLA] += event.duration_ps / 1e9 / steps
                elif where and ":" not in where and not kind.strip().startswith("__"):
                    times[kind] += event.duration_ps / 1e9 / steps
    return times.most_common()
