"""The flags of the run folder, and how a run begins or goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from absl import flags

if TYPE_CHECKING:
    from simclr_tf.data import PictureSplits
    from simclr_tf.runs import RunFolder

_RESUME = flags.DEFINE_bool("resume", False, "continue the newest unfinished version of --run_dir")


def define_run_dir(default: str) -> flags.FlagHolder[str]:
    """Defines `--run_dir`."""
    return flags.DEFINE_string("run_dir", default, "folder of the results: version_0, version_1, …")


@contextlib.contextmanager
def opened_run(
    run_dir: str, config: Mapping[str, Any], read: Callable[[], PictureSplits]
) -> Iterator[tuple[RunFolder, PictureSplits] | None]:
    """Reads the pictures and makes a new version, or opens the newest to resume it.

    Args:
        run_dir: folder of the versions.
        config: what the command line asks for.
        read: reads the pictures.

    Yields:
        The locked run folder and the pictures, or `None` when the newest version is finished.

    Raises:
        ValueError: if a resumed run was started with other pictures, or with other flags than those
            that `allowed_changes` allows.
    """
    from simclr_tf.runs import RunFolder, allowed_changes

    if not _RESUME.value:
        splits = read()
        with RunFolder.create(run_dir, {**config, "fingerprint": splits.fingerprint}) as run:
            run.write_skipped(splits.skipped)
            print(f"Run folder: {run.path}")
            yield run, splits
        return
    with RunFolder.resume(run_dir) as run:
        if run.finished:
            print(f"{run.path} is finished: nothing to resume.")
            yield None
            return
        asked = {**config, "fingerprint": run.config.get("fingerprint")}
        for change in allowed_changes(run.path, run.config, asked):
            print(f"Changed since the start: {change}")
        splits = read()
        asked["fingerprint"] = splits.fingerprint
        allowed_changes(run.path, run.config, asked)
        begun = run.checkpoint_path.is_dir() and any(run.checkpoint_path.iterdir())
        begun = begun or any(path.is_dir() for path in run.path.glob("seed_*"))
        print(f"Resuming {run.path}" + ("" if begun else " from the start: it has no checkpoint"))
        yield run, splits
