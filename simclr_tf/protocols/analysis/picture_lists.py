"""The lists of pictures in the report."""

from __future__ import annotations

import numpy as np

from simclr_tf.protocols.analysis import html
from simclr_tf.protocols.analysis.copies import is_of_two_classes
from simclr_tf.protocols.analysis.findings import Findings
from simclr_tf.protocols.analysis.pictures import ShownPictures
from simclr_tf.protocols.analysis.tables import number, percent

_CONFUSED_PAIRS = 8


def confusion_tiles(findings: Findings, pictures: ShownPictures) -> str:
    """Returns the most confused pairs of classes, each with examples."""
    joined = findings.joined
    if len(joined.class_names) < 2:
        return ""
    pairs = findings.last.confusions[:_CONFUSED_PAIRS]
    if not pairs:
        return html.paragraph("The nearest picture is of the same class for every picture.")
    before = {(pair.label, pair.other): pair.count for pair in findings.first.confusions}
    intro = (
        "On the left a picture, on the right the one that is most similar to it, of another class; "
        "below, the cosine and the file on the left. The most similar of each kind are shown."
    )
    parts = [html.paragraph(intro)]
    for pair in pairs:
        name, other = joined.class_names[pair.label], joined.class_names[pair.other]
        earlier = ""
        if len(findings.measured) > 1:
            earlier = f"; {before.get((pair.label, pair.other), 0):,} before"
        counted = f"{pair.count:,} pictures, {percent(pair.share)} of {name}{earlier}"
        parts.append(
            f"<h3>{html.text(name)} → {html.text(other)}<small>{html.text(counted)}</small></h3>"
        )
        if findings.settings.examples:
            shown = pictures.get(row for example in pair.examples for row in example[:2])
            parts.append(
                html.tiles(
                    html.tile([shown[row], shown[nearest]], [number(cosine), joined.ids[row]], "→")
                    for row, nearest, cosine in pair.examples
                )
            )
    return "\n".join(parts)


def copy_tiles(findings: Findings, pictures: ShownPictures) -> str:
    """Returns pairs of near-duplicates: those across splits first, then of two classes."""
    joined, copies = findings.joined, findings.copies
    pairs = np.concatenate([copies.exact, copies.near])
    if not len(pairs) or not findings.settings.examples:
        return ""
    cosines = np.concatenate([np.ones(len(copies.exact)), copies.cosines])
    across = np.zeros(len(pairs), bool)
    if joined.splits is not None:
        splits = np.array(joined.splits)
        across = splits[pairs[:, 0]] != splits[pairs[:, 1]]
    order = np.lexsort((-cosines, ~is_of_two_classes(joined, pairs), ~across))
    chosen = order[: findings.settings.examples]
    shown = pictures.get(pairs[chosen].ravel())
    parts = []
    for place in chosen.tolist():
        first, second = (int(row) for row in pairs[place])
        kind = "same content" if place < len(copies.exact) else number(float(cosines[place]))
        lines = [kind, joined.ids[first], joined.ids[second]]
        joint = "=" if place < len(copies.exact) else "≈"
        parts.append(html.tile([shown[first], shown[second]], lines, joint))
    return html.tiles(parts)


def outlier_tiles(findings: Findings, pictures: ShownPictures) -> str:
    """Returns the pictures that are least like any other."""
    joined = findings.joined
    chosen = findings.outliers[: findings.settings.examples]
    if not chosen:
        return ""
    k = findings.last.neighbours.rows.shape[1]
    intro = (
        f"Pictures whose {k} nearest pictures are farthest away (bold: 1 − cosine of the last of "
        "them): rare motifs, pictures of something else, or spoiled ones. More are in outliers.csv."
    )
    shown = pictures.get(row for row, _ in chosen)
    return html.paragraph(intro) + html.tiles(
        html.tile([shown[row]], [number(distance), joined.ids[row]]) for row, distance in chosen
    )


def doubtful_tiles(findings: Findings, pictures: ShownPictures) -> str:
    """Returns pictures whose neighbours agree on another class."""
    joined = findings.joined
    chosen = findings.doubtful[: findings.settings.examples]
    if not chosen:
        return ""
    intro = (
        f"{len(findings.doubtful):,} pictures whose nearest pictures agree on another class: the "
        "label may be wrong, or the picture shows both. In bold: the label, and what the "
        "neighbours say. All are in doubtful_labels.csv."
    )
    shown = pictures.get(one.row for one in chosen)
    return html.paragraph(intro) + html.tiles(
        html.tile(
            [shown[one.row]],
            [
                f"{joined.class_names[joined.labels[one.row]]} → "
                f"{joined.class_names[one.suggested]}",
                f"{100 * one.share:.0f} % of neighbours",
                joined.ids[one.row],
            ],
        )
        for one in chosen
    )
