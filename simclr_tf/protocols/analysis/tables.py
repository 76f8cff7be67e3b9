"""The tables of the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simclr_tf.protocols.analysis import html
from simclr_tf.protocols.analysis.copies import MOST_COPIES
from simclr_tf.protocols.analysis.findings import Findings
from simclr_tf.protocols.analysis.measured import Measured
from simclr_tf.protocols.analysis.pairs import chosen_threshold

_RETRIEVAL = {
    "top_1": "Most similar picture is of the same class (top 1)",
    "top_3": "One of the 3 most similar is (top 3)",
    "top_5": "One of the 5 most similar is (top 5)",
    "map_at_r": "Mean average precision at R (mAP@R)",
}
_CLUSTER_MEASURES = ("nmi", "ari", "purity")


def percent(value: float) -> str:
    """Returns `84.2 %`."""
    return f"{100 * value:.1f} %"


def number(value: float) -> str:
    """Returns three decimals with a real minus."""
    return f"{value:.3f}".replace("-", "−")


def main_table(findings: Findings) -> str:
    """Returns the main figures, a column for each embedding."""
    rate = findings.settings.false_accept_rate
    accepted = f"Same pairs accepted where {100 * rate:.3g} % of different ones are"
    lines = [
        *(_line(findings, name, _retrieved(key), percent, key) for key, name in _RETRIEVAL.items()),
        _line(findings, "Area under the ROC curve, same or different", _pair("area_under_roc")),
        _line(findings, accepted, lambda one: _accepted(one, rate), percent),
        _line(findings, "Mean cosine of two pictures of one class", _pair("mean_same")),
        _line(findings, "Mean cosine of pictures of different classes", _pair("mean_different")),
        _line(findings, "Alignment inside a class (lower is closer)", _pair("alignment")),
        _line(findings, "Uniformity (lower is more spread out)", lambda one: one.uniformity),
    ]
    note = ""
    summary = findings.last.retrieval
    if summary is not None:
        note = (
            f"{summary['queries']:,} pictures each looked for their class among the "
            f"{len(findings.joined) - 1:,} others; by chance top 1 would be "
            f"{percent(summary['chance'])}. In brackets: 95 % bootstrap interval over the queries."
        )
        if summary["left_out_lone"]:
            note += f" Classes with a single picture take no part: {summary['left_out_lone']:,}."
    change = ("change",) if len(findings.measured) > 1 else ()
    return html.table(("", *findings.measured, *change), filter(None, lines), note=note)


def _line(
    findings: Findings,
    name: str,
    value: Callable[[Measured], float | None],
    shown: Callable[[float], str] = number,
    interval: str = "",
) -> tuple[str, ...]:
    """Returns one line of the main table; an empty one where an embedding has no such value."""
    every = list(findings.measured.values())
    values = [found for one in every if (found := value(one)) is not None]
    if len(values) < len(every):
        return ()
    cells = [shown(found) for found in values]
    if interval:
        ends = [(one.retrieval or {})["ci95"][interval] for one in every]
        cells = [
            f"{cell}  ({100 * low:.1f}–{100 * high:.1f})"
            for cell, (low, high) in zip(cells, ends, strict=True)
        ]
    if len(values) > 1:
        change = values[-1] - values[0]
        text = f"{100 * change:+.1f} points" if shown is percent else f"{change:+.3f}"
        cells.append(text.replace("-", "−"))
    return (name, *cells)


def _retrieved(key: str) -> Callable[[Measured], float | None]:
    return lambda one: None if one.retrieval is None else float(one.retrieval[key])


def _pair(key: str) -> Callable[[Measured], float | None]:
    return lambda one: None if one.pair_figures is None else float(one.pair_figures[key])


def _accepted(one: Measured, rate: float) -> float | None:
    chosen = None if one.pair_figures is None else chosen_threshold(one.pair_figures, rate)
    return None if chosen is None else chosen["true_accept_rate"]


def threshold_table(findings: Findings) -> str:
    """Returns the thresholds by false-accept rate."""
    lines, checks = [], []
    for name, one in findings.measured.items():
        if one.pair_figures is None:
            return ""
        for entry in one.pair_figures["thresholds"]:
            rate, accepted = entry["false_accept_rate"], entry["true_accept_rate"]
            cells = (f"{100 * rate:g} %", number(entry["threshold"]), percent(accepted))
            lines.append((*_named(findings, name), *cells))
        if one.pair_figures["check"] is not None:
            which = f" ({name})" if len(findings.measured) > 1 else ""
            checks.append(_check_sentence(which, one.pair_figures["check"]))
    if not lines:
        return ""
    header = ("different pairs accepted", "threshold", "same pairs accepted")
    return _table(findings, header, lines, texts=0, note=" ".join(checks))


def _check_sentence(which: str, check: dict[str, Any]) -> str:
    return (
        f"Check{which}: a threshold set on one half of the pictures, {number(check['threshold'])}"
        f", accepted {100 * check['false_accept_rate']:.2f} % of the different and "
        f"{percent(check['true_accept_rate'])} of the same pairs of the other half."
    )


def level_table(findings: Findings) -> str:
    """Returns retrieval at every level of the hierarchy."""
    lines = [
        (
            *_named(findings, name),
            entry["level"],
            f"{entry['classes']:,}",
            percent(entry["chance"]),
            percent(entry["top_1"]),
            percent(entry["top_5"]),
            percent(entry["map_at_r"]),
        )
        for name, one in findings.measured.items()
        for entry in one.levels
    ]
    header = ("level", "classes", "top 1 by chance", "top 1", "top 5", "mAP@R")
    note = "The same search, counted right where the found picture is of the class at that level."
    return _table(findings, header, lines, texts=1, note=note) if lines else ""


def cluster_table(findings: Findings) -> str:
    """Returns how well clusters agree with the classes of every level."""
    lines = [
        (
            *_named(findings, name),
            entry["level"],
            entry["method"],
            f"{entry['clusters']:,}",
            *(number(entry[measure]) for measure in _CLUSTER_MEASURES),
        )
        for name, one in findings.measured.items()
        for entry in one.clusters
    ]
    if not lines:
        return ""
    pictures = findings.last.clusters[0]["pictures"]
    note = (
        f"{pictures:,} pictures clustered without their labels into as many clusters as the level "
        "has classes. NMI: 1 where clusters are the classes. ARI: 0 for chance, 1 for agreement. "
        "Purity: pictures in a cluster whose commonest class is theirs."
    )
    header = ("level", "method", "clusters", "NMI", "ARI", "purity")
    found = _table(findings, header, lines, texts=2, note=note)
    # Without levels it is the only table of its section.
    heading = "<h3>Clusters found without labels</h3>" if findings.joined.levels else ""
    return heading + found


def copy_table(findings: Findings) -> str:
    """Returns how many copies and near-duplicates there are."""
    figures = findings.copies.figures
    has_splits = findings.joined.splits is not None
    lines = []
    for kind, name in (
        ("exact", "same content of the file"),
        ("near", f"cosine of {figures['similarity']:g} or more"),
    ):
        found = figures[kind]
        cells = [found["pairs"], found["pictures"], found["groups"], found["of_different_classes"]]
        cells += [found["across_splits"]] if has_splits else []
        lines.append((name, *(f"{cell:,}" for cell in cells)))
    splits = ("pairs across splits",) if has_splits else ()
    header = ("", "pairs", "pictures", "groups", "pairs of two classes", *splits)
    first = next(iter(findings.measured))
    by = f" The cosines are those of “{first}”." if len(findings.measured) > 1 else ""
    note = (
        f"Looked for among the {findings.settings.neighbours} nearest of each picture; copies.csv "
        f"lists up to {MOST_COPIES:,} pairs.{by} Test pictures with a copy in the training make "
        "results look better than they are."
    )
    return html.table(header, lines, note=note)


def _named(findings: Findings, name: str) -> tuple[str, ...]:
    """Returns the cell that names the embedding; none where there is only one."""
    return (name,) if len(findings.measured) > 1 else ()


def _table(
    findings: Findings,
    header: tuple[str, ...],
    lines: list[tuple[str, ...]],
    texts: int,
    note: str,
) -> str:
    """Returns a table that begins with the name of the embedding where there are two."""
    named = _named(findings, "embedding")
    return html.table((*named, *header), lines, texts=texts + len(named), note=note)
