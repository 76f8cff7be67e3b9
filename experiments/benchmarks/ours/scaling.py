"""Several workers on this machine beside one process, and what would cost each of many."""

from __future__ import annotations

import functools
import io
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from experiments.benchmarks.ours.loss import TEMPERATURE
from experiments.benchmarks.ours.training import build_model, picture_set
from experiments.benchmarks.pictures import random_pictures, random_projections
from experiments.benchmarks.traffic import loopback_bytes
from experiments.benchmarks.worker import Worker
from experiments.local_cluster import local_configs
from simclr_tf.data import training_batches
from simclr_tf.data.decode_many import decode_contents
from simclr_tf.distribution import build_strategy, distribute_batches, gather_rows
from simclr_tf.distribution.keras_faults import build_before_fit
from simclr_tf.losses.unit_rows import unit_rows

_STEPS = 1 << 20
_ROWS_AT_ONCE = 256
_DECODED_AT_ONCE = 64
_PATIENCE_SECONDS = 60.0


def step(encoder: str, width: float, image_size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a training step, augmentation included."""
    model = build_model(encoder, width, image_size)
    pictures = picture_set(random_pictures(batch_size, image_size))
    build_before_fit(model)
    model.make_train_function()
    batches = iter(
        distribute_batches(lambda: training_batches(pictures, batch_size, 0, num_steps=_STEPS))
    )

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            logs = model.train_function(batches)
        float(np.mean(logs["loss"]))
        return (time.perf_counter() - begin) / count

    return run


def step_of_workers(workers: int, **work: Any) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a step that several processes share."""
    return _cluster(workers, "step_in_cluster", work)


def step_in_cluster(**work: Any) -> Callable[[int], float]:
    """Returns `step` for a process that TF_CONFIG makes one of several."""
    with _strategy().scope():
        run = step(**work)

    def run_in_scope(count: int) -> float:
        with _strategy().scope():
            return run(count)

    return run_in_scope


def gathered_bytes(workers: int, rows: int, size: int) -> Callable[[int], float]:
    """Returns a task that gives the bytes that each worker sends in a gather of all `rows`."""
    gather = _cluster(workers, "gather_in_cluster", {"rows": rows // workers, "size": size})

    def run(count: int) -> float:
        before = loopback_bytes()
        gather(count)
        return (loopback_bytes() - before) / count / workers

    return run


def gather_in_cluster(rows: int, size: int) -> Callable[[int], float]:
    """Returns a task that gathers `rows` rows of each worker and gives the seconds of it."""
    strategy = _strategy()
    own = tf.constant(random_projections(rows, size)[0])
    gather = tf.function(lambda: strategy.run(gather_rows, args=(own,)), autograph=False)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            gathered = strategy.experimental_local_results(gather())[0]
        gathered.numpy()
        return (time.perf_counter() - begin) / count

    return run


def loss_of_share(pairs: int, size: int, replicas: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds of a replica's rows of NT-Xent, and their gradient."""
    views = [tf.constant(z) for z in random_projections(pairs, size)]
    own = 2 * pairs // replicas

    @functools.partial(tf.function, autograph=False)
    def compute(first: tf.Tensor, second: tf.Tensor):
        with tf.GradientTape() as tape:
            tape.watch([first, second])
            z = unit_rows(tf.concat([first, second], axis=0))
            loss = tf.add_n(
                [
                    _loss_of_rows(z, start, min(start + _ROWS_AT_ONCE, own))
                    for start in range(0, own, _ROWS_AT_ONCE)
                ]
            )
        return loss / (2 * pairs), tape.gradient(loss, [first, second])

    compute = compute.get_concrete_function(*views)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            loss, _ = compute(*views)
            float(loss)
        return (time.perf_counter() - begin) / count

    return run


def decoding(width: int, height: int, image_size: int) -> Callable[[int], float]:
    """Returns a task that decodes one JPEG over and over and gives pictures a second."""
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(0, 256, (24, 32, 3), np.uint8))
    file = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)

    def run(count: int) -> float:
        number = count * _DECODED_AT_ONCE
        begin = time.perf_counter()
        for picture in decode_contents([file.getvalue()] * number, image_size, "crop"):
            if isinstance(picture, str):
                raise ValueError(picture)
        return number / (time.perf_counter() - begin)

    return run


def _loss_of_rows(z: tf.Tensor, start: int, end: int) -> tf.Tensor:
    """The sum of the losses of the rows from `start` to `end` against all others."""
    count = z.shape[0]
    similarities = tf.matmul(z[start:end], z, transpose_b=True) / TEMPERATURE
    rows = tf.range(start, end)
    positive = tf.gather(similarities, (rows + count // 2) % count, batch_dims=1)
    never = tf.fill([end - start], -1e30)
    others = tf.linalg.set_diag(similarities, never, k=start)
    return tf.reduce_sum(tf.reduce_logsumexp(others, axis=1) - positive)


@functools.cache
def _strategy() -> tf.distribute.Strategy:
    """The strategy of this process, which can be built once."""
    return build_strategy("multi_worker", timeout=_PATIENCE_SECONDS)


def _cluster(workers: int, task: str, work: Mapping[str, Any]) -> Callable[[int], float]:
    """Returns a task that does `task` in several processes at once; the longest time counts."""
    members = [Worker(1, variables={"TF_CONFIG": config}) for config in local_configs(workers)]
    pool = ThreadPoolExecutor(workers)

    def together(do: Callable[[Worker], Any]) -> list[Any]:
        return list(pool.map(do, members))

    def close() -> None:
        # At once: each waits for the others to leave.
        together(Worker.close)
        pool.shutdown()

    try:
        together(lambda member: member.prepare(f"{__name__}:{task}", work))
    except BaseException:
        close()
        raise

    def run(count: int) -> float:
        return max(together(lambda member: member.run(count)))

    weakref.finalize(run, close)
    return run
