"""What the prediction takes from a file of the benchmark."""

from __future__ import annotations

import os
from typing import Any

from experiments.benchmarks.prediction import MeasuredParts
from simclr_tf.files import read_json


def read_measured_parts(path: str | os.PathLike[str]) -> MeasuredParts:
    """Returns the measured parts of a benchmark.json of `benchmark.py --part=scaling`.

    Raises:
        ValueError: if it lacks one.
        OSError: if it cannot be read.
    """
    data = read_json(path, dict)
    try:
        rows = [row for row in data["rows"] if row["part"] == "scaling"]
        cores = data["machine"]["cores"]
        gather = _row(rows, "sent by each of 2 workers")
        return MeasuredParts(
            decoded_per_core=_row(rows, "decoding JPEG")["ours"] / cores,
            observed_traffic=gather["ours"] / gather["peer"],
        )
    except (KeyError, StopIteration, TypeError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} must be a benchmark.json of --part=scaling without failures"
        ) from error


def _row(rows: list[dict[str, Any]], words: str) -> dict[str, Any]:
    return next(row for row in rows if words in row["case"])
