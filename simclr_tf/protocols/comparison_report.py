"""The comparison in numbers, as a table and as a sentence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simclr_tf.data import PictureSplits
from simclr_tf.evaluation import mean_and_std, paired_difference, verdict
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import ComparisonSettings
from simclr_tf.runs import package_versions

CONTESTANTS = ("linear_probe", "knn_probe", "fine_tuned", "baseline")


def summarise(
    splits: PictureSplits,
    settings: ComparisonSettings,
    results: Mapping[LabelBudget, Sequence[dict[str, Any]]],
    pretrain_seconds: Sequence[float],
) -> dict[str, Any]:
    """Returns what comparison.json holds: accuracies as fractions, differences with intervals.

    Args:
        splits: pictures that were compared on.
        settings: what was compared.
        results: by label budget, the table's first, one result for every seed: `labels`, and the
            test report of each contestant.
        pretrain_seconds: of each seed.
    """
    points = [
        {
            "labels": seeds[0]["labels"],
            "labels_per_class": seeds[0]["labels"] / len(splits.train.class_names),
            "contestants": _contestants(seeds),
        }
        for seeds in results.values()
    ]
    main = points[0]
    accuracies = {name: main["contestants"][name]["seeds"] for name in CONTESTANTS}
    difference = paired_difference(accuracies["linear_probe"], accuracies["baseline"])
    fine_tuned = paired_difference(accuracies["fine_tuned"], accuracies["baseline"])
    return {
        "name": splits.name,
        **main,
        "label_budget": settings.budget.name,
        "difference": difference,
        "fine_tuned_difference": fine_tuned,
        "verdict": verdict("SimCLR probe", "supervised baseline", difference),
        "fine_tuned_verdict": verdict("fine-tuned SimCLR", "supervised baseline", fine_tuned),
        "pretraining": {"seconds": float(np.mean(pretrain_seconds))},
        "seeds": list(settings.seeds),
        "split": {name: len(getattr(splits, name)) for name in ("train", "validation", "test")},
        "classes": len(splits.train.class_names),
        "fingerprint": splits.fingerprint,
        "versions": package_versions(),
        "curve": points if len(points) > 1 else [],
        "settings": dataclasses.asdict(settings),
    }


def _contestants(seeds: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns mean, standard deviation, accuracy of each seed and mean seconds by contestant."""
    summary = {}
    for name in CONTESTANTS:
        accuracies = [result[name]["accuracy"] for result in seeds]
        mean, std = mean_and_std(accuracies)
        summary[name] = {
            "mean": mean,
            "std": std,
            "seeds": accuracies,
            "macro_mean": mean_and_std([result[name]["macro_accuracy"] for result in seeds])[0],
            "seconds": float(np.mean([result[name]["seconds"] for result in seeds])),
        }
    return summary


def format_table(comparison: dict[str, Any]) -> str:
    """Returns the comparison as lines of text for a terminal."""
    seeds = len(comparison["seeds"])
    lines = [
        f"{comparison['name']}: test accuracy in %, {comparison['labels']} labels "
        f"({comparison['labels_per_class']:.3g} per class), {seeds} seed{'s' if seeds > 1 else ''}",
        "",
        f"{'':14}{'mean':>7}{'std':>7}   {'seeds':24}{'seconds':>8}",
    ]
    for name in CONTESTANTS:
        row = comparison["contestants"][name]
        each = " ".join(f"{100 * accuracy:.1f}" for accuracy in row["seeds"])
        lines.append(
            f"{name.replace('_', ' '):14}{100 * row['mean']:7.1f}{100 * row['std']:7.1f}   "
            f"{each:24}{row['seconds']:8.0f}"
        )
    lines += [
        f"{'pretraining':14}{'':41}{comparison['pretraining']['seconds']:8.0f}",
        "",
        comparison["verdict"],
        comparison["fine_tuned_verdict"],
    ]
    return "\n".join(lines)
