"""What serve.py bears: many clients at once, with batching and without it.

    python experiments/serve_load.py --encoder_dir=runs/mine --output=serve_load.json
    python experiments/serve_load.py --address=http://127.0.0.1:8000/ --clients=50

With `--encoder_dir` it starts serve.py twice, as it is and with --max_batch=1, asks each for
embeddings for `--seconds`, and writes throughput, waiting times, errors and the ratio of the
throughputs. With `--address` it asks a running service. The clients share the machine with it.
Needs pip install simclr_tf[serve].
"""

from __future__ import annotations

import dataclasses
import io
import pathlib
from typing import Any

import numpy as np
from absl import flags
from PIL import Image

from experiments import launcher
from experiments.benchmarks.report import machine
from experiments.serving.load import LoadReport, measure_load
from experiments.serving.process import running_service
from simclr_tf.checks import check_at_least, check_positive
from simclr_tf.files import write_json

_ENCODER_DIR = flags.DEFINE_string("encoder_dir", None, "what serve.py is started with")
_ADDRESS = flags.DEFINE_string("address", None, "of a running service, instead of encoder_dir")
_CLIENTS = flags.DEFINE_integer("clients", 200, "connections at once, at least 1")
_SECONDS = flags.DEFINE_float("seconds", 30.0, "length of each measurement, greater than 0")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "pictures to send; random small ones if unset")
_OUTPUT = flags.DEFINE_string("output", "serve_load.json", "file of the figures")

_PICTURES = 64
_RANDOM_SIZE = 64
# Everything that is done once is done by then.
_FIRST_SECONDS = 2.0


def main() -> None:
    """Reads the flags, measures and writes the figures."""
    if (_ENCODER_DIR.value is None) == (_ADDRESS.value is None):
        raise ValueError(
            "Exactly one of `encoder_dir` and `address` must be given. Received: "
            f"encoder_dir={_ENCODER_DIR.value!r}, address={_ADDRESS.value!r}"
        )
    check_at_least("clients", _CLIENTS.value, 1)
    check_positive("seconds", _SECONDS.value)
    pictures = _pictures()
    figures: dict[str, Any] = {
        "clients": _CLIENTS.value,
        "seconds": _SECONDS.value,
        "mean_picture_bytes": np.mean([len(content) for content in pictures]),
        "machine": machine(),
    }
    if _ADDRESS.value is not None:
        figures["running"] = _figures("running", _ADDRESS.value, pictures)
    else:
        # A client that gives up leaves a request behind.
        places = f"--max_queue={2 * _CLIENTS.value}"
        for name, others in (("batched", []), ("unbatched", ["--max_batch=1"])):
            arguments = [f"--encoder_dir={_ENCODER_DIR.value}", places, *others]
            with running_service(arguments) as address:
                figures[name] = _figures(name, address, pictures)
        batched, unbatched = figures["batched"], figures["unbatched"]
        figures["ratio"] = batched["requests_per_second"] / unbatched["requests_per_second"]
        print(f"batched / unbatched: {figures['ratio']:.2f}")
    write_json(pathlib.Path(_OUTPUT.value).expanduser(), figures)
    print(f"Figures: {_OUTPUT.value}")


def _figures(name: str, address: str, pictures: list[bytes]) -> dict[str, Any]:
    measure_load(address, pictures, _CLIENTS.value, min(_FIRST_SECONDS, _SECONDS.value))
    report = measure_load(address, pictures, _CLIENTS.value, _SECONDS.value)
    print(_line(name, report), flush=True)
    return dataclasses.asdict(report)


def _line(name: str, report: LoadReport) -> str:
    return (
        f"{name}: {report.requests_per_second:,.0f} requests/s, p50 {report.p50_ms:.0f} ms, "
        f"p99 {report.p99_ms:.0f} ms, {sum(report.errors.values())} errors of "
        f"{report.requests + sum(report.errors.values()):,}"
    )


def _pictures() -> list[bytes]:
    if _DATA_DIR.value is not None:
        from simclr_tf.data import index_pictures
        from simclr_tf.data.selection import Selection

        index = index_pictures(
            _DATA_DIR.value, None, Selection(validation_fraction=0.0, test_fraction=0.0)
        )
        root = pathlib.Path(_DATA_DIR.value).expanduser()
        return [(root / name).read_bytes() for name in index.ids[:_PICTURES]]
    generator = np.random.default_rng(0)
    return [_random_picture(generator) for _ in range(_PICTURES)]


def _random_picture(generator: np.random.Generator) -> bytes:
    # Large spots: noise of single pixels makes files of a size that pictures do not have.
    spots = generator.integers(0, 256, (8, 8, 3), np.uint8)
    picture = Image.fromarray(spots).resize((_RANDOM_SIZE, _RANDOM_SIZE), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    launcher.launch(main)
