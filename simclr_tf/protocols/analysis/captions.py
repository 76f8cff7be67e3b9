"""The sentences of the report: what one sees in each figure, with its numbers."""

from __future__ import annotations

import numpy as np

from simclr_tf.protocols.analysis import html
from simclr_tf.protocols.analysis.classes import alike_classes
from simclr_tf.protocols.analysis.findings import Findings
from simclr_tf.protocols.analysis.tables import number, percent

_METHOD_CAPTIONS = {
    "t-sne": (
        "t-SNE keeps neighbours together: groups mean something, the distance between groups and "
        "their size do not."
    ),
    "umap": (
        "UMAP keeps neighbours together: groups mean something, the distance between them little."
    ),
}


def title(findings: Findings) -> str:
    """Returns the title of the page."""
    source = next(iter(findings.sources.values()))["source"]
    return f"{source}: what the embedding sees" if source else "What the embedding sees"


def subtitle(findings: Findings) -> str:
    """Returns how many pictures and classes there are, and which embeddings."""
    joined = findings.joined
    classes = len(joined.class_names)
    parts = [f"{len(joined):,} pictures"]
    parts.append("no labels" if not classes else f"{classes:,} class{'es' * (classes > 1)}")
    if len(findings.measured) > 1:
        parts.append(" and ".join(findings.measured))
    return "  ·  ".join(parts)


def lead(findings: Findings) -> str:
    """Returns the first sentence: the result that matters most."""
    first, last = findings.first.retrieval, findings.last.retrieval
    if first is None or last is None:
        near = findings.copies.figures["near"]["pairs"]
        sentence = f"Without classes: a map, {near:,} near-duplicate pairs and the outliers."
    elif len(findings.measured) == 1:
        sentence = (
            f"For {percent(last['top_1'])} of the pictures, the most similar other picture is of "
            f"the same class; by chance it would be {percent(last['chance'])}."
        )
    else:
        sentence = (
            "The most similar other picture is of the same class for "
            f"{percent(first['top_1'])} of the pictures before and {percent(last['top_1'])} after; "
            f"by chance it would be {percent(last['chance'])}."
        )
    return f'<p class="lead">{html.text(sentence)}</p>'


def map_caption(findings: Findings) -> str:
    """Returns what the t-SNE or UMAP map shows."""
    return f"{_dots(findings)} {_METHOD_CAPTIONS[findings.settings.map_method]}"


def pca_caption(findings: Findings) -> str:
    """Returns what the PCA map shows."""
    shares = " and ".join(f"{100 * one.pca_share:.0f} %" for one in findings.measured.values())
    return (
        "The same pictures along the two directions in which they differ most, which hold "
        f"{shares} of the variance. Unlike above, distances here are to scale, and what differs in "
        "other directions is hidden."
    )


def coarse_map_caption(findings: Findings) -> str:
    """Returns what the map in the colours of the coarse classes shows."""
    if not findings.joined.levels:
        return ""
    count = len(findings.joined.levels[0].class_names)
    return (
        f"The same map in the colours of the {count:,} coarse classes: the outermost folders, or "
        "the first part of the names."
    )


def picture_map_caption(findings: Findings) -> str:
    """Returns what the map of pictures shows."""
    kind = "coarse class" if findings.joined.levels else "class"
    frames = f", framed in the colour of its {kind}" if findings.joined.coarsest.class_names else ""
    return f"The same map with a picture in each cell{frames}: the one nearest to its centre."


def _dots(findings: Findings) -> str:
    shown, all_pictures = len(findings.map_rows), len(findings.joined)
    which = f"one of {shown:,} pictures"
    if shown < all_pictures:
        which += f" drawn at random from {all_pictures:,}"
    classes = len(findings.joined.class_names)
    named = findings.settings.named_classes
    rest = ""
    if classes > named:
        rest = f" The {named} largest of {classes:,} classes have a colour; the rest is grey."
    return f"Each dot is {which}; dots that lie together are similar to the encoder.{rest}"


def accuracy_caption(findings: Findings) -> str:
    """Returns what the bars of the classes show."""
    if findings.last.retrieval is None:
        return ""
    per_class = findings.last.retrieval["per_class"]
    ordered = sorted(per_class, key=lambda name: per_class[name]["top_1"])
    low, high = ordered[0], ordered[-1]
    sentence = (
        "How often the most similar picture is of the same class, class by class (in brackets: "
        f"queries). Lowest: {low}, {percent(per_class[low]['top_1'])}; highest: {high}, "
        f"{percent(per_class[high]['top_1'])}."
    )
    before = findings.first.retrieval
    if len(findings.measured) > 1 and before is not None:
        change = {
            name: figures["top_1"] - before["per_class"][name]["top_1"]
            for name, figures in per_class.items()
            if name in before["per_class"]
        }
        worse = sum(value < 0 for value in change.values())
        better = sum(value > 0 for value in change.values())
        sentence += f" {better:,} classes became better and {worse:,} worse."
    return sentence


def similarity_caption(findings: Findings) -> str:
    """Returns what the matrix of classes shows."""
    matrix = findings.last.similarity
    if matrix is None or len(matrix) < 2:
        return ""
    names = findings.joined.class_names
    ((a, b, value),) = alike_classes(matrix, 1)
    inside = np.diag(matrix)
    sentence = (
        "Mean cosine between the pictures of two classes, exact over all pairs; on the diagonal, "
        "inside one class. Classes that are alike stand together. Most alike are "
        f"{names[a]} and {names[b]}, {number(value)}"
    )
    if np.isfinite(inside).any():
        sentence += f"; inside one class it is {number(float(np.nanmean(inside)))} on average"
    return f"{sentence}."


def pairs_caption(findings: Findings) -> str:
    """Returns what the histogram of pairs shows."""
    figures = findings.last.pair_figures
    if figures is None:
        return ""
    kinds = [
        f"{figures[f'looked_at_{kind}']:,} pairs of {text}"
        + (f" drawn from {figures[f'pairs_{kind}']:,}" * _is_drawn(figures, kind))
        for kind, text in (("same", "one class"), ("different", "different classes"))
    ]
    rate = 100 * findings.settings.false_accept_rate
    return (
        f"Cosines of {kinds[0]} (blue) and {kinds[1]} (grey), each with an area of 1: the less "
        "they overlap, the better the cosine tells classes apart. The line is the threshold that "
        f"lets {rate:.3g} % of the different pairs through."
    )


def _is_drawn(figures: dict, kind: str) -> bool:
    return figures[f"looked_at_{kind}"] < figures[f"pairs_{kind}"]
