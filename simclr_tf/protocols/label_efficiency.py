"""What labels are worth: accuracy against their number, with and without pretraining."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import keras

from simclr_tf.data import PictureSplits
from simclr_tf.encoders import load_encoder
from simclr_tf.evaluation import mean_and_std
from simclr_tf.plots import new_figure, plot_label_curve, save_figure
from simclr_tf.protocols.embedding_report import embedding_report
from simclr_tf.protocols.fine_tuning import fine_tune
from simclr_tf.protocols.fine_tuning_model import start_encoder
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.label_curve_settings import BASELINE, FROZEN, LabelCurveSettings
from simclr_tf.protocols.labelled_splits import check_labelled_splits, labelled_training
from simclr_tf.protocols.parts import finish_part, training_seconds
from simclr_tf.protocols.pretraining import pretrain
from simclr_tf.protocols.supervised import train_baseline
from simclr_tf.runs import RunFolder, package_versions

CURVE_FILE = "label_curve.json"


def label_curve(
    splits: PictureSplits, settings: LabelCurveSettings, run: RunFolder
) -> dict[str, Any]:
    """Trains every contestant with every number of labels and every seed, and draws the curve.

    Every training has its own folder below the run's; after a stop, finished ones are not
    repeated. With one seed all contestants have the same labels, and fewer labels are part of
    more. Choices are made on validation; test is used once for each figure.

    Args:
        splits: pictures with labels in all three splits; a pretraining uses those of `train`
            without their labels.
        settings: what to measure.
        run: run folder, locked; gets label_curve.json and label_curve.png.

    Returns:
        What label_curve.json holds: `curve`, a list of `labels`, `labels_per_class` and
        `contestants` with `mean`, `std`, `seeds` and mean `seconds` of their training with labels
        (0 for the frozen encoder); and what it was measured with.

    Raises:
        ValueError: if the pictures lack labels in some split, or a setting does not fit them.
    """
    check_labelled_splits(splits)
    results: dict[int, dict[str, list[dict[str, Any]]]] = {
        count: {name: [] for name in settings.contestants} for count in settings.labels_per_class
    }
    for seed in settings.seeds:
        encoder_dir = _pretrained(splits, settings, seed, run)
        for count, contestants in results.items():
            for name, figures in contestants.items():
                figures.append(_measured(splits, settings, name, count, seed, encoder_dir, run))
    curve = {
        "name": splits.name,
        "measure": settings.measure,
        "curve": [_point(count, contestants) for count, contestants in results.items()],
        "seeds": list(settings.seeds),
        "split": {name: len(getattr(splits, name)) for name in ("train", "validation", "test")},
        "classes": len(splits.train.class_names),
        "fingerprint": splits.fingerprint,
        "versions": package_versions(),
        "settings": dataclasses.asdict(settings),
    }
    run.write_json(CURVE_FILE, curve)
    figure = new_figure(9.6, 5.4)
    plot_label_curve(curve, figure)
    save_figure(figure, run.path / "label_curve.png")
    return curve


def _pretrained(
    splits: PictureSplits, settings: LabelCurveSettings, seed: int, run: RunFolder
) -> str:
    """Returns the folder of this seed's pretraining; empty where no contestant wants one."""
    if set(settings.contestants) == {BASELINE}:
        return ""
    chosen = dataclasses.replace(settings.pretrain, seed=seed)

    def work(part: RunFolder) -> dict[str, Any]:
        pretrain(splits, chosen, part)
        return {"seconds": training_seconds(part)}

    place = f"seed_{seed}/pretrain"
    return os.fspath(finish_part(run, place, dataclasses.asdict(chosen), work)[0])


def _measured(
    splits: PictureSplits,
    settings: LabelCurveSettings,
    contestant: str,
    count: int,
    seed: int,
    encoder_dir: str,
    run: RunFolder,
) -> dict[str, Any]:
    """Returns the measure, the number of labels and the seconds of one training."""
    budget = LabelBudget(count)
    labelled = labelled_training(splits, budget, seed)

    def measure(encoder: keras.Model, seconds: float) -> dict[str, Any]:
        value = embedding_report(encoder, labelled, settings.probes_linearly)[settings.measure]
        return {"value": value, "labels": len(labelled.train), "seconds": seconds}

    def measure_frozen(part: RunFolder) -> dict[str, Any]:
        return measure(load_encoder(encoder_dir), 0.0)

    def train_from_scratch(part: RunFolder) -> dict[str, Any]:
        train_baseline(splits, settings.pretrain, baseline, budget, part)
        return measure(load_encoder(part.path), training_seconds(part))

    def train_on(part: RunFolder) -> dict[str, Any]:
        encoder = start_encoder(chosen, splits.train.images.shape[1])
        value = fine_tune(encoder, splits, chosen, budget, part)[settings.measure]
        return {"value": value, "labels": len(labelled.train), "seconds": training_seconds(part)}

    place = f"seed_{seed}/{contestant}_{count}_per_class"
    if contestant == FROZEN:
        return finish_part(run, place, {"encoder_dir": encoder_dir}, measure_frozen)[1]
    if contestant == BASELINE:
        baseline = dataclasses.replace(settings.baseline, seed=seed)
        return finish_part(run, place, dataclasses.asdict(baseline), train_from_scratch)[1]
    chosen = settings.training(contestant, seed, encoder_dir)
    return finish_part(run, place, dataclasses.asdict(chosen), train_on)[1]


def _point(count: int, contestants: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    summary = {}
    for name, figures in contestants.items():
        values = [figure["value"] for figure in figures]
        mean, std = mean_and_std(values)
        seconds = mean_and_std([figure["seconds"] for figure in figures])[0]
        summary[name] = {"mean": mean, "std": std, "seeds": values, "seconds": seconds}
    labels = next(iter(contestants.values()))[0]["labels"]
    return {"labels": labels, "labels_per_class": count, "contestants": summary}


def format_label_curve(curve: dict[str, Any]) -> str:
    """Returns the curve as lines of text for a terminal."""
    points = curve["curve"]
    counts = "".join(f"{point['labels_per_class']:>15}" for point in points)
    lines = [
        f"{curve['name']}: {curve['measure'].replace('_', ' ')} on test in %, mean ± standard "
        f"deviation, seeds: {len(curve['seeds'])}",
        "",
        f"{'labels per class':22}{counts}",
    ]
    for name in points[0]["contestants"]:
        cells = [point["contestants"][name] for point in points]
        shown = "".join(f"{100 * cell['mean']:9.1f} ±{100 * cell['std']:4.1f}" for cell in cells)
        lines.append(f"{name.replace('_', ' '):22}{shown}")
    return "\n".join(lines)
