"""A run on one device or several: its strategy, its folder, and copies of that for the workers."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from experiments import distribution_flags, run_flags

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits
    from simclr_tf.runs import RunFolder

    Opened = tuple[RunFolder, PictureSplits] | None

# What the chief says of the run folder; a version follows from 3 on.
_FAILED, _FINISHED, _VERSION_0 = 1, 2, 3
_PATIENCE_SECONDS = 60


@contextlib.contextmanager
def opened_run(
    run_dir: str, config: Mapping[str, Any], read: Callable[[], PictureSplits]
) -> Iterator[Opened]:
    """Does what `run_flags.opened_run` does in the scope of the strategy asked for.

    Several workers share the version of their chief, see `opened_by_all`.
    """
    with distribution_flags.strategy_scope(config):
        open_run = functools.partial(run_flags.opened_run, run_dir, config)
        if distribution_flags.has_workers():
            open_run = functools.partial(opened_by_all, run_dir, open_run)
        with open_run(read) as opened:
            yield opened


@contextlib.contextmanager
def opened_by_all(
    run_dir: str,
    open_run: Callable[[Callable[[], PictureSplits]], contextlib.AbstractContextManager[Opened]],
    read: Callable[[], PictureSplits],
) -> Iterator[Opened]:
    """Opens a run for all workers; the chief writes it, the others into a copy that is thrown away.

    Args:
        run_dir: folder of the versions, which all workers must see.
        open_run: opens the run as one process alone does, given what gives the pictures.
        read: reads the pictures.

    Yields:
        The run folder of this worker and the pictures, or `None` when the run is finished.

    Raises:
        ValueError: if the workers have different pictures, the chief cannot open the run or
            another worker does not see its folder.
    """
    from simclr_tf.distribution import check_workers_agree, is_chief
    from simclr_tf.distribution.workers import largest_of_workers

    splits = read()
    check_workers_agree("data_dir", splits.fingerprint)
    with contextlib.ExitStack() as stack:
        if is_chief():
            try:
                opened = stack.enter_context(open_run(lambda: splits))
            except BaseException:
                largest_of_workers(_FAILED)
                raise
            largest_of_workers(_FINISHED if opened is None else _VERSION_0 + opened[0].version)
        else:
            found = largest_of_workers(0)
            if found == _FAILED:
                raise ValueError("The chief could not open the run folder: see what it printed.")
            opened = None
            if found != _FINISHED:
                folder = pathlib.Path(run_dir) / f"version_{found - _VERSION_0}"
                opened = stack.enter_context(_copied(folder)), splits
        # The chief goes on once all have copied what it may change.
        largest_of_workers(0)
        yield opened
        # And ends once all are done: the connection ends with it.
        largest_of_workers(0)


@contextlib.contextmanager
def _copied(folder: pathlib.Path) -> Iterator[RunFolder]:
    from simclr_tf.runs import RunFolder

    end = time.monotonic() + _PATIENCE_SECONDS
    # A network file system shows a new folder late.
    while not (folder / "config.json").is_file():
        if time.monotonic() > end:
            raise ValueError(
                "`run_dir` must be a folder that every worker sees, such as on a shared file "
                f"system; this one does not see {folder}"
            )
        time.sleep(0.5)
    with tempfile.TemporaryDirectory(prefix="simclr_tf_worker_") as scratch:
        copy = pathlib.Path(scratch) / folder.name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("tensorboard", ".lock"))
        (copy / "checkpoints").mkdir(exist_ok=True)
        yield RunFolder.read(copy)
