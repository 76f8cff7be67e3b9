"""Print the metrics of one version of a run, and show what a random test picture finds similar.

    python experiments/evaluate.py --run_dir=runs/finetune --version_number=30 --num_show_similar=8

Pictures, labels and splits are the run's own; `--data_dir` says where they are now. Beside the
figures that the run stored stand those of today ("now"), with a report of the classifier where
there is one. Writes metrics.json and similar.png to version_N/evaluation.
"""

from __future__ import annotations

import pathlib
import sys

from absl import flags

from experiments import decoding_flags, launcher, picture_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.find import find_encoder
from simclr_tf.protocols.evaluation_settings import EvaluationSettings

_RUN_DIR = flags.DEFINE_string("run_dir", "runs/finetune", "folder with version_0, version_1, …")
_VERSION_NUMBER = flags.DEFINE_integer("version_number", None, "which version; the newest if unset")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "folder of the results; in the version")
_SETTINGS = SettingsFlags(EvaluationSettings)


def main() -> None:
    """Reads the flags, measures and draws."""
    from simclr_tf.runs import find_version, read_config

    settings = _SETTINGS.read()
    version = find_version(pathlib.Path(_RUN_DIR.value), _VERSION_NUMBER.value)
    config = read_config(version)
    encoder_file = find_encoder(version)
    picture_flags.take_pictures_of_run(config)
    decoding_flags.take_size_of_encoder(str(encoder_file))
    splits = picture_flags.read_pictures()
    if splits.fingerprint != config.get("fingerprint"):
        print(
            f"Warning: these are not the pictures, labels or splits that {version} was made with: "
            "its stored figures do not compare, and some may have been trained on.",
            file=sys.stderr,
        )
    launcher.import_tensorflow()
    from simclr_tf.protocols.version_evaluation import evaluate_version, format_evaluation

    output = pathlib.Path(_OUTPUT_DIR.value or version / "evaluation")
    metrics = evaluate_version(version, splits, output, settings)
    asked = ", ".join(f"{name} {config[name]}" for name in ("objective", "seed") if name in config)
    print(f"\n{version}: {asked}")
    print(format_evaluation(metrics))
    print(f"\nResults: {output / 'metrics.json'}, {output / 'similar.png'}")


if __name__ == "__main__":
    launcher.launch(main)
