"""The report: one HTML page with all tables and pictures inside."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from simclr_tf.protocols.analysis import captions, html
from simclr_tf.protocols.analysis.findings import Findings
from simclr_tf.protocols.analysis.joined import Omission
from simclr_tf.protocols.analysis.page_template import PAGE
from simclr_tf.protocols.analysis.picture_lists import (
    confusion_tiles,
    copy_tiles,
    doubtful_tiles,
    outlier_tiles,
)
from simclr_tf.protocols.analysis.pictures import ShownPictures
from simclr_tf.protocols.analysis.tables import (
    cluster_table,
    copy_table,
    level_table,
    main_table,
    threshold_table,
)

_MISSING = "pictures in this report"


def build_page(
    findings: Findings,
    output: pathlib.Path,
    drawn: Sequence[str],
    pictures: ShownPictures,
    omissions: Sequence[Omission],
) -> str:
    """Returns the page.

    Args:
        findings: What it tells.
        output: Folder of the figures.
        drawn: Their file names.
        pictures: Where the examples come from.
        omissions: What was left out.
    """

    def figure(name: str, caption: str) -> str:
        return html.figure(output / name, caption) if name in drawn else ""

    sections = [
        html.section(
            "Maps",
            figure("map.png", captions.map_caption(findings)),
            figure("map_coarse.png", captions.coarse_map_caption(findings)),
            figure("map_pictures.png", captions.picture_map_caption(findings)),
            figure("map_pca.png", captions.pca_caption(findings)),
        ),
        html.section(
            "Classes",
            figure("class_accuracy.png", captions.accuracy_caption(findings)),
            figure("class_similarity.png", captions.similarity_caption(findings)),
        ),
        html.section("Most confused classes", confusion_tiles(findings, pictures)),
        html.section(
            "Same class or not?",
            figure("pair_similarity.png", captions.pairs_caption(findings)),
            threshold_table(findings),
        ),
        html.section(
            "Coarse and fine classes" if findings.joined.levels else "Clusters",
            level_table(findings),
            cluster_table(findings),
        ),
        html.section("Copies", copy_table(findings), copy_tiles(findings, pictures)),
        html.section("Outliers", outlier_tiles(findings, pictures)),
        html.section("Labels worth a second look", doubtful_tiles(findings, pictures)),
        html.section("How this was made", _origin(findings)),
    ]
    # Only now is it known which pictures could not be read.
    left_out = _left_out([*omissions, *unreadable(pictures)])
    content = [captions.lead(findings), main_table(findings), left_out, *sections]
    return PAGE.substitute(
        title=html.text(captions.title(findings)),
        subtitle=html.text(captions.subtitle(findings)),
        content="\n".join(part for part in content if part),
    )


def unreadable(pictures: ShownPictures) -> list[Omission]:
    """Returns what is to be said of pictures that could not be shown."""
    if not pictures.available:
        reason = "The embeddings are of a data set, whose name was not given."
        return [Omission(_MISSING, reason)]
    if not pictures.unreadable:
        return []
    name, reason = next(iter(pictures.unreadable.items()))
    count = len(pictures.unreadable)
    return [
        Omission(
            f"{count:,} {_MISSING}",
            f"They cannot be read any more, and a grey field stands for each: {name} ({reason})"
            + (f" and {count - 1:,} more." if count > 1 else "."),
        )
    ]


def _left_out(omissions: Sequence[Omission]) -> str:
    if not omissions:
        return ""
    lines = "\n".join(
        f"<li><b>{html.text(omission.part[:1].upper() + omission.part[1:])}.</b> "
        f"{html.text(omission.reason)}</li>"
        for omission in omissions
    )
    return f'<div class="left-out">\n<h2>Left out</h2>\n<ul>\n{lines}\n</ul>\n</div>'


def _origin(findings: Findings) -> str:
    sources = [
        (
            name,
            source["file"],
            f"{source['pictures']:,}",
            f"{source['dimension']:,}",
            source["encoder"][:12],
        )
        for name, source in findings.sources.items()
    ]
    settings: list[tuple[str, Any]] = list(dataclasses.asdict(findings.settings).items())
    return html.table(
        ("embedding", "file", "pictures", "numbers each", "encoder"), sources, texts=2
    ) + html.table(("setting", "value"), settings)
