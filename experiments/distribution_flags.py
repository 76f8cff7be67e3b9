"""The flags that say on how many devices and machines to work, and the scope that does it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from absl import flags

from experiments import launcher
from simclr_tf.distribution.names import STRATEGIES

_STRATEGY = flags.DEFINE_enum(
    "strategy", "none", STRATEGIES, "one device, all GPUs of this machine, TF_CONFIG's workers, TPU"
)
_REPLICAS = flags.DEFINE_integer(
    "replicas", 0, "of strategy mirrored: so many GPUs, or virtual CPUs where there is no GPU"
)
_TIMEOUT = flags.DEFINE_float("worker_timeout", 300.0, "seconds to wait for the other workers")
# Where the data lie may differ between machines; that they are the same data is checked.
_MAY_DIFFER = ("data_dir",)


@contextlib.contextmanager
def strategy_scope(config: Mapping[str, Any]) -> Iterator[None]:
    """Runs the block in the scope of the strategy that the command line asks for.

    Of several workers only the chief prints, and shows a progress bar.

    Args:
        config: what the command line asks for, by name; the same on all workers.

    Raises:
        ValueError: if the strategy cannot be had here, or a worker is missing or differs.
    """
    if _STRATEGY.value == "none" and not _REPLICAS.value:
        yield
        return
    launcher.import_tensorflow()
    from simclr_tf.distribution import build_strategy, is_chief
    from simclr_tf.distribution.workers import largest_of_workers

    strategy = build_strategy(
        _STRATEGY.value,
        replicas=_REPLICAS.value,
        identity=_identity(config),
        timeout=_TIMEOUT.value,
    )
    with strategy.scope(), _lost_workers():
        if is_chief():
            print(f"Strategy {_STRATEGY.value}: {strategy.num_replicas_in_sync} replicas")
            yield
        else:
            os.environ["TQDM_DISABLE"] = "1"
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                yield
        # The connection of the others ends with the first that leaves.
        largest_of_workers(0)


def has_workers() -> bool:
    """Returns whether several processes work together."""
    return _STRATEGY.value == "multi_worker"


def writes() -> bool:
    """Returns whether this process is the one that writes; in `strategy_scope`."""
    if not has_workers():
        return True
    from simclr_tf.distribution import is_chief

    return is_chief()


def check_workers_agree(name: str, value: str) -> None:
    """Raises `ValueError` unless all workers give the same; in `strategy_scope`."""
    if has_workers():
        from simclr_tf.distribution import check_workers_agree as check

        check(name, value)


def check_batch_size(name: str, value: int) -> None:
    """Raises `ValueError` unless the replicas can share `value` pictures; in `strategy_scope`."""
    if _STRATEGY.value == "none":
        return
    import tensorflow as tf

    from simclr_tf.distribution.batches import check_divisible

    check_divisible(name, value, tf.distribute.get_strategy().num_replicas_in_sync)


def _identity(config: Mapping[str, Any]) -> dict[str, str]:
    from simclr_tf.runs import package_versions

    asked = {f"--{name}": value for name, value in config.items() if name not in _MAY_DIFFER}
    named = {**package_versions(), "script": os.path.basename(sys.argv[0]), **asked}
    return {name: str(value) for name, value in named.items()}


def _to_resume() -> str:
    if "resume" in flags.FLAGS:
        return " and --resume to go on from the last checkpoint"
    return " to go on from what has been kept"


@contextlib.contextmanager
def _lost_workers() -> Iterator[None]:
    """Ends the process with one line and status 75 where the connection to another is broken."""
    import tensorflow as tf

    broken = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
    )
    try:
        yield
    except broken as error:
        print(
            "Error: another worker was lost, so this one stops. Start all of them again with the "
            f"same command{_to_resume()}. ({' '.join(error.message.split())[:300]})",
            file=sys.stderr,
            flush=True,
        )
        # An ordinary end would say farewell to those that are gone, and wait for their answer.
        os._exit(launcher.LOST_WORKER)
