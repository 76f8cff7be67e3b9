"""What TensorFlow's profiler says of our training step."""

from __future__ import annotations

import collections
import pathlib
from typing import Any

import keras
import tensorflow as tf

from experiments.benchmarks.ours.training import build_model
from experiments.benchmarks.pictures import random_pictures
from simclr_tf.augment import Augmenter

_WARM_UP = 3


def profile_step(
    encoder: str,
    width: float,
    image_size: int,
    batch_size: int,
    augment: bool,
    steps: int,
    trace: pathlib.Path,
) -> dict[str, Any]:
    """Measures some training steps in bfloat16, operation by operation.

    Args:
        encoder: network, as the next two say.
        width: multiplier of its channels.
        image_size: height and width of the pictures.
        batch_size: pictures a step; two views of each.
        augment: with the augmentation of `simclr-cifar`, or on the pictures themselves.
        steps: how many are measured.
        trace: folder that the profiler writes to.

    Returns:
        What was measured, `step_milliseconds`, and `operations`, milliseconds a step of every kind
        of operation, the longest first.
    """
    model = build_model(encoder, width, image_size, None if augment else Augmenter([], seed=0))
    batch = (tf.constant(random_pictures(batch_size, image_size)),)
    model.optimizer.build(model.trainable_variables)
    train = tf.function(model.train_step)
    for _ in range(_WARM_UP):
        train(batch)
    tf.profiler.experimental.start(str(trace))
    for _ in range(steps):
        train(batch)
    tf.profiler.experimental.stop()
    newest = max(trace.rglob("*.xplane.pb"), key=lambda path: path.stat().st_mtime)
    total, operations = _read_trace(newest, steps)
    return {
        "encoder": encoder,
        "width": width,
        "image_size": image_size,
        "batch_size": batch_size,
        "augment": augment,
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        "step_milliseconds": total,
        "operations": dict(operations),
    }


def format_profile(profile: dict[str, Any], longest: int = 15) -> str:
    """Returns the table that the script prints."""
    of_all = sum(profile["operations"].values())
    rows = [f"{'kind of operation':40} {'ms a step':>10} {'share':>6}"]
    for kind, milliseconds in list(profile["operations"].items())[:longest]:
        rows.append(f"{kind:40} {milliseconds:10.2f} {milliseconds / of_all:6.1%}")
    rows.append(f"{'all operations':40} {of_all:10.2f}")
    rows.append(f"{'the step':40} {profile['step_milliseconds']:10.2f}")
    return "\n".join(rows)


def _read_trace(path: pathlib.Path, steps: int) -> tuple[float, list[tuple[str, float]]]:
    # The trace's own format; TensorFlow has no other reader of it.
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    space.ParseFromString(path.read_bytes())
    times: collections.Counter[str] = collections.Counter()
    total = 0.0
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                milliseconds = event.duration_ps / 1e9 / steps
                if name == "train_step":
                    total += milliseconds
                # Operations are called `where/in/the/model:Kind`.
                where, _, kind = name.rpartition(":")
                if where and ":" not in where and not kind.strip().startswith("__"):
                    times[kind] += milliseconds
    return total, times.most_common()
