"""Parts of a long job, each in a run folder of its own below the job's."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Callable
from typing import Any

from simclr_tf.files import read_json
from simclr_tf.runs import RunFolder, list_versions


def finish_part(
    run: RunFolder, name: str, config: dict[str, Any], work: Callable[[RunFolder], dict[str, Any]]
) -> tuple[pathlib.Path, dict[str, Any]]:
    """Runs one part in a folder of its own, or goes on with it, unless it was finished before.

    Args:
        run: run folder of the whole job.
        name: folder of the part below it.
        config: what the part is asked for.
        work: does it, and returns what its finished.json is to hold.

    Returns:
        The part's version folder, and what its finished.json holds.
    """
    folder = run.path / name
    # A version without a config was killed while it was made, and never began.
    begun = any((version / "config.json").is_file() for version in list_versions(folder))
    with RunFolder.resume(folder) if begun else RunFolder.create(folder, config) as part:
        if not part.finished:
            part.mark_finished(work(part))
        summary = read_json(part.path / "finished.json", dict)
        return part.path, summary


def training_seconds(part: RunFolder) -> float:
    """Returns the seconds of all epochs, also of those before a stop."""
    with open(part.path / "metrics.csv", encoding="utf-8", newline="") as file:
        return sum(float(row["epoch_seconds"]) for row in csv.DictReader(file))
