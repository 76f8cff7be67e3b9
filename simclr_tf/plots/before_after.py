"""What a fine-tuning changed: every measure, and every class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simclr_tf.plots.contestants import percent_axis
from simclr_tf.plots.figures import COLOURS, FAINT_INK, INK, new_figure, tidy_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MEASURES = {
    "top_1": "top 1",
    "top_3": "top 3",
    "top_5": "top 5",
    "map_at_r": "mAP@R",
    "knn_accuracy": "kNN\naccuracy",
    "linear_probe_accuracy": "linear\nprobe",
}
_GREY = "#9aa5b1"
_BAR = 0.38
_MOST_CLASSES = 20
_LONGEST_NAME = 18


def plot_before_after(metrics: Mapping[str, Any], figure: Figure | None = None) -> tuple[Axes, ...]:
    """Draws all measures before and after as bars, and the top-1 accuracy of the classes.

    Whiskers are the 95 % bootstrap intervals over queries, where `ci95` has them. Of more than 20
    classes those that changed most are shown.

    Args:
        metrics: What `metrics.json` of a fine-tuning holds: `before` and `after`, each with
            measures as fractions, `ci95` and `per_class`; optionally `name`, `labels`,
            `objective`.
        figure: Figure to draw into; a new one by default.

    Returns:
        The panel of bars and the panel of classes.
    """
    figure = figure or new_figure(12.0, 5.6)
    bars, classes = figure.subplots(1, 2, width_ratios=[1.25, 1])
    _draw_bars(bars, metrics)
    _draw_classes(classes, metrics)
    before, after = metrics["before"]["top_1"], metrics["after"]["top_1"]
    figure.suptitle(
        f"Fine-tuning: top-1 retrieval accuracy {100 * before:.1f} % → {100 * after:.1f} %",
        x=0.012,
        ha="left",
        fontsize=14,
        fontweight="bold",
        color=INK,
    )
    figure.supxlabel(_caption(metrics), x=0.012, ha="left", fontsize=9.5, color=FAINT_INK)
    return bars, classes


def _draw_bars(axes: Axes, metrics: Mapping[str, Any]) -> None:
    tidy_axes(axes, "On the test pictures")
    percent_axis(axes, 1.0)
    names = [name for name in _MEASURES if name in metrics["before"] and name in metrics["after"]]
    for side, (part, colour) in enumerate((("before", _GREY), ("after", COLOURS[0]))):
        for place, name in enumerate(names):
            value = metrics[part][name]
            x = place + (side - 0.5) * (_BAR + 0.02)
            low, high = metrics[part].get("ci95", {}).get(name, (value, value))
            axes.bar(x, value, _BAR, color=colour, label=part if place == 0 else None)
            if high > low:
                whiskers = [[max(value - low, 0)], [max(high - value, 0)]]
                axes.errorbar(x, value, yerr=whiskers, color=INK, elinewidth=1.0, capsize=2)
            axes.annotate(
                f"{100 * value:.1f}",
                (x, max(high, value)),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
                color=INK,
            )
    axes.set_xticks(range(len(names)), [_MEASURES[name] for name in names], color=INK)
    axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1), labelcolor=INK)


def _draw_classes(axes: Axes, metrics: Mapping[str, Any]) -> None:
    before, after = (metrics[part]["per_class"] for part in ("before", "after"))
    names = [name for name in after if name in before]
    change = {name: after[name]["top_1"] - before[name]["top_1"] for name in names}
    shown = sorted(names, key=lambda name: -abs(change[name]))[:_MOST_CLASSES]
    shown.sort(key=lambda name: (after[name]["top_1"], name))
    most = f", the {_MOST_CLASSES} that changed most" if len(shown) < len(names) else ""
    tidy_axes(axes, f"Top 1 of the classes{most}")
    axes.grid(axis="x", color="#e4e8ec", linewidth=0.9)
    for place, name in enumerate(shown):
        ends = before[name]["top_1"], after[name]["top_1"]
        axes.plot(ends, (place, place), color=_GREY, linewidth=1.6, zorder=1)
    rows = range(len(shown))
    axes.scatter([before[name]["top_1"] for name in shown], rows, color=_GREY, s=34, zorder=2)
    axes.scatter([after[name]["top_1"] for name in shown], rows, color=COLOURS[0], s=34, zorder=3)
    axes.set_yticks(rows, [_short(name) for name in shown], color=INK, fontsize=9)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlim(-0.03, 1.03)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]


def _caption(metrics: Mapping[str, Any]) -> str:
    parts = [str(metrics[name]) for name in ("name", "objective") if metrics.get(name)]
    if metrics.get("labels"):
        parts.append(f"{metrics['labels']:,} labels, which are the gallery")
    if metrics["after"].get("queries"):
        parts.append(f"{metrics['after']['queries']:,} queries")
    return "  ·  ".join([*parts, "whiskers: 95 % bootstrap interval over the queries"])
