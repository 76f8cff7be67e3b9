"""The strategies by name."""

from __future__ import annotations

import os
from collections.abc import Mapping

import tensorflow as tf

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.distribution.cluster import read_cluster
from simclr_tf.distribution.names import STRATEGIES
from simclr_tf.distribution.rendezvous import meet_workers


def build_strategy(
    name: str = "none",
    *,
    replicas: int = 0,
    identity: Mapping[str, str] | None = None,
    timeout: float = 300.0,
) -> tf.distribute.Strategy:
    """Returns the strategy in whose scope everything of a training is made and run.

    With several replicas a training does what it does with one: batch size, micro-batches,
    learning rate and seed are those of all of them together. Call it before TensorFlow has done
    anything else.

    Args:
        name: `"none"`: one device. `"mirrored"`: all GPUs of this machine, or one CPU.
            `"multi_worker"`: the processes that the environment variable TF_CONFIG lists, each
            with the GPUs of its machine. `"tpu"`: the TPU that the environment names.
        replicas: of `"mirrored"`: so many GPUs; on a machine without GPUs so many virtual CPUs,
            to try out what several replicas do. 0 takes all GPUs, or the CPU.
        identity: of `"multi_worker"`: what must be the same on all workers, by name.
        timeout: of `"multi_worker"`: seconds to wait for the others.

    Raises:
        ValueError: if there are not so many devices, TF_CONFIG is wrong, or a worker is missing
            or differs.
    """
    check_one_of("strategy", name, STRATEGIES)
    check_at_least("replicas", replicas, 0)
    if replicas and name != "mirrored":
        raise ValueError(
            f"`replicas` is for the strategy mirrored. Received: replicas={replicas!r}, "
            f"strategy={name!r}"
        )
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(replicas))
    if name == "multi_worker":
        cluster = read_cluster(os.environ.get("TF_CONFIG"))
        meet_workers(cluster, identity or {}, timeout)
        return tf.distribute.MultiWorkerMirroredStrategy()
    return _tpu_strategy()


def _devices(replicas: int) -> list[str]:
    gpus = len(tf.config.list_physical_devices("GPU"))
    if not gpus:
        return _virtual_cpus(max(1, replicas))
    if replicas > gpus:
        raise ValueError(
            f"`replicas` must be at most the number of GPUs ({gpus}). "
            f"Received: replicas={replicas!r}"
        )
    return [f"GPU:{number}" for number in range(replicas or gpus)]


def _virtual_cpus(count: int) -> list[str]:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if count > 1:
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            raise ValueError(
                "`replicas` on a CPU must be set before TensorFlow has done anything else in "
                f"this process. Received: replicas={count!r}"
            ) from error
    return [f"CPU:{number}" for number in range(count)]


def _tpu_strategy() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, RuntimeError, OSError, tf.errors.OpError) as error:
        raise ValueError(
            "`strategy` may be tpu only where TensorFlow finds a TPU (on Cloud TPU the "
            f"environment variable TPU_NAME names it); it found none: {error}. "
            "Received: strategy='tpu'"
        ) from error
    return tf.distribute.TPUStrategy(resolver)
