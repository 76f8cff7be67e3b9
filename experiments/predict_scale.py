"""Predict time and memory on many GPUs from measured parts and stated assumptions.

    python experiments/benchmark.py --part=scaling --peers= --output_dir=runs/scaling
    python experiments/predict_scale.py --benchmark=runs/scaling/benchmark.json

Prints a table for each collection and number of GPUs and writes prediction.json, with every
assumption, to --output_dir. What is measured: decoding, what a gather sends, what sharing a step
costs. What is assumed has a flag each, the speed of a GPU first of all: none was measured.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from absl import flags

from experiments import launcher
from experiments.benchmarks.prediction import ScaleAssumptions
from experiments.settings_flags import SettingsFlags

_BENCHMARK = flags.DEFINE_string(
    "benchmark", "experiments/results/scaling/benchmark.json", "file of benchmark.py"
)
_PICTURES = flags.DEFINE_list("pictures", ["1e6", "1e8"], "sizes of the collection")
_GPUS = flags.DEFINE_list("gpus", ["8", "256"], "numbers of GPUs")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/prediction", "folder of the results")
_SETTINGS = SettingsFlags(ScaleAssumptions)


def main() -> None:
    """Reads the flags and the benchmark, and predicts."""
    from experiments.benchmarks.measured_parts import read_measured_parts
    from experiments.benchmarks.prediction import predict
    from simclr_tf.files import write_json

    assumed = _SETTINGS.read()
    measured = read_measured_parts(_BENCHMARK.value)
    predictions = [
        predict(_number("pictures", pictures), int(_number("gpus", gpus)), measured, assumed)
        for pictures in _PICTURES.value
        for gpus in _GPUS.value
    ]
    print("\n".join(_table(predictions)))
    output = pathlib.Path(_OUTPUT_DIR.value)
    output.mkdir(parents=True, exist_ok=True)
    write_json(
        output / "prediction.json",
        {
            "predictions": predictions,
            "measured": dataclasses.asdict(measured),
            "assumed": dataclasses.asdict(assumed),
        },
    )
    print(f"Results: {output / 'prediction.json'}")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be numbers with commas between them. Received: {name}={text!r}"
        ) from error


def _table(predictions: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| pictures | GPUs | batch | ms a step: encoder + loss + gather + gradients | limit | "
        "training | embedding | GPU memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for found in predictions:
        parts = " + ".join(f"{1000 * part:.1f}" for part in found["step_seconds"].values())
        lines.append(
            f"| {found['pictures']:,.0f} | {found['gpus']} | {found['batch']:,} | {parts} | "
            f"{found['limit']} | {_hours(found['training_hours'])} | "
            f"{_hours(found['embedding_hours'])} ({found['embedding_limit']}) | "
            f"{found['gpu_memory_bytes'] / 2**30:.1f} GiB |"
        )
    return lines


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 100 else f"{hours / 24:.1f} days"


if __name__ == "__main__":
    launcher.launch(main)
