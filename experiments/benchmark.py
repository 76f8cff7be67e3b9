"""Measure ours and its peers side by side on the same work, taking turns.

    pip install -e ".[bench]" && python experiments/benchmark.py --output_dir=runs/benchmark

Writes benchmark.json (rows, versions, machine) and benchmark.png to --output_dir. `--part` chooses
what is measured, `--peers` against whom; `--part=accuracy` trains on --data_dir or --dataset,
`--part=embed_folder` and `--part=export` embed the pictures of --data_dir; `--part=many_classes`
fine-tunes with 15,000 classes of 4 drawn symbols; `--part=detect` searches the annotated drawings
of --data_dir after the first three of them, from which examples and calibration come;
`--part=scaling` trains with two workers on this machine, and is what predict_scale.py reads.
"""

from __future__ import annotations

import pathlib
import tempfile

from absl import flags

from experiments import launcher, picture_flags
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.settings_flags import SettingsFlags

_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/benchmark", "folder of the results")
_SETTINGS = SettingsFlags(BenchmarkSettings, leave_out=("image_size",))
# Of the pictures that are drawn where no folder is given.
_DRAWN_SIZE = 128


def main() -> None:
    """Reads the flags and measures."""
    pictures = picture_flags.picture_config()
    settings = _SETTINGS.read(image_size=pictures["image_size"])
    from experiments.benchmarks.benchmark import benchmark
    from experiments.benchmarks.contestants import check_peers
    from experiments.benchmarks.pictures import write_jpeg_folder

    check_peers(settings)
    splits = None
    if "accuracy" in settings.parts:
        from simclr_tf.protocols.labelled_splits import check_labelled_splits

        splits = picture_flags.read_pictures()
        check_labelled_splits(splits)
    with tempfile.TemporaryDirectory() as drawn:
        data_dir = pictures["data_dir"]
        if data_dir is None and {"input", "embed_folder", "export"} & set(settings.parts):
            data_dir = drawn
            folder = pathlib.Path(drawn)
            write_jpeg_folder(folder, settings.input_pictures, _DRAWN_SIZE, settings.seed)
        output = pathlib.Path(_OUTPUT_DIR.value)
        benchmark(settings, output, data_dir or "", splits)
    print(f"Results: {output / 'benchmark.json'}, {output / 'benchmark.png'}")


if __name__ == "__main__":
    launcher.launch(main)
