"""The main job: pretrain without labels, and show whether it beat the baseline."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import keras

from simclr_tf.data import PictureSplits
from simclr_tf.encoders import load_encoder
from simclr_tf.evaluation import LinearProbe
from simclr_tf.plots import new_figure, plot_comparison, save_figure
from simclr_tf.protocols.comparison_report import summarise
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.labelled_splits import check_labelled_splits
from simclr_tf.protocols.parts import finish_part, training_seconds
from simclr_tf.protocols.pretraining import build_settings_encoder, pretrain
from simclr_tf.protocols.probes import SplitFeatures, knn_probe, linear_probe, split_features
from simclr_tf.protocols.settings import ComparisonSettings
from simclr_tf.protocols.supervised import test_report, train_supervised
from simclr_tf.runs import RunFolder


def compare(splits: PictureSplits, settings: ComparisonSettings, run: RunFolder) -> dict[str, Any]:
    """Pretrains, probes, fine-tunes and trains the baseline for every seed.

    Every part has its own folder below the run's; after a stop, finished parts are not repeated.
    All choices (penalty, k, best epoch) are made on validation; test is used once for each figure.

    Args:
        splits: pictures with labels in all three splits; those of `train` that a budget leaves
            out are used without their labels.
        settings: what to compare.
        run: run folder, locked; gets comparison.json and comparison.png.

    Returns:
        What comparison.json holds.

    Raises:
        ValueError: if the pictures lack labels in some split, or a setting does not fit them.
    """
    check_labelled_splits(splits)
    budgets = [settings.budget, *(LabelBudget(labels_per_class=n) for n in settings.curve)]
    budgets = list(dict.fromkeys(budgets))
    results: dict[LabelBudget, list[dict[str, Any]]] = {budget: [] for budget in budgets}
    pretrain_seconds = []
    for seed in settings.seeds:
        encoder_file, seconds = _pretrained(splits, settings, seed, run)
        pretrain_seconds.append(seconds)
        features = split_features(load_encoder(encoder_file), splits)
        for budget in budgets:
            results[budget].append(
                _contest(splits, features, settings, budget, seed, encoder_file, run)
            )
    comparison = summarise(splits, settings, results, pretrain_seconds)
    run.write_json("comparison.json", comparison)
    figure = new_figure()
    plot_comparison(comparison, figure)
    save_figure(figure, run.path / "comparison.png")
    return comparison


def _pretrained(
    splits: PictureSplits, settings: ComparisonSettings, seed: int, run: RunFolder
) -> tuple[pathlib.Path, float]:
    chosen = dataclasses.replace(settings.pretrain, seed=seed)

    def work(part: RunFolder) -> dict[str, Any]:
        pretrain(splits, chosen, part)
        return {"seconds": training_seconds(part)}

    folder, summary = finish_part(run, f"seed_{seed}/pretrain", dataclasses.asdict(chosen), work)
    return folder / "encoder.keras", summary["seconds"]


def _contest(
    splits: PictureSplits,
    features: SplitFeatures,
    settings: ComparisonSettings,
    budget: LabelBudget,
    seed: int,
    encoder_file: pathlib.Path,
    run: RunFolder,
) -> dict[str, Any]:
    """Returns the number of labels and the test report of each contestant for one seed."""
    rows = budget.choose(features.train_labels, seed)
    labelled = splits.train.labelled().subset(rows)
    probe, probe_report = linear_probe(features, rows)
    _, knn_report = knn_probe(features, rows)

    def supervised(name: str, encoder: Callable[[], keras.Model], start: LinearProbe | None):
        chosen = settings.baseline if start is None else settings.fine_tune
        chosen = dataclasses.replace(chosen, seed=seed)

        def work(part: RunFolder) -> dict[str, Any]:
            model = train_supervised(
                encoder(),
                labelled,
                splits.validation.labelled(),
                chosen,
                part,
                data_name=splits.name,
                probe=start,
                name=f"seed {seed}, {name}, {len(labelled)} labels",
            )
            report = test_report(model, splits.test.labelled())
            return {**report, "seconds": training_seconds(part)}

        place = f"seed_{seed}/{name}_{budget.name}"
        return finish_part(run, place, dataclasses.asdict(chosen), work)[1]

    def from_scratch() -> keras.Model:
        keras.utils.set_random_seed(seed)
        return build_settings_encoder(settings.pretrain, splits.train.images.shape[1])

    return {
        "labels": len(rows),
        "linear_probe": {**probe_report, "seconds": features.seconds},
        "knn_probe": {**knn_report, "seconds": features.seconds},
        "fine_tuned": supervised("fine_tuned", lambda: load_encoder(encoder_file), probe),
        "baseline": supervised("baseline", from_scratch, None),
    }
