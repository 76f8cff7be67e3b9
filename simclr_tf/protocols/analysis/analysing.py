"""One embedding, or two of the same pictures, to a folder that shows what they see."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simclr_tf.checks import check_between
from simclr_tf.files import write_atomically, write_csv, write_json
from simclr_tf.protocols.analysis.copies import MOST_COPIES, copy_rows, find_copies
from simclr_tf.protocols.analysis.figures import draw_figures
from simclr_tf.protocols.analysis.findings import Findings
from simclr_tf.protocols.analysis.joined import ReadPictures, join_embeddings
from simclr_tf.protocols.analysis.maps import check_map_method, drawn_rows
from simclr_tf.protocols.analysis.measured import measure
from simclr_tf.protocols.analysis.neighbours import doubtful_labels, outliers
from simclr_tf.protocols.analysis.page import build_page, unreadable
from simclr_tf.protocols.analysis.pictures import ShownPictures
from simclr_tf.protocols.analysis.projector import write_projector
from simclr_tf.protocols.analysis.settings import AnalysisSettings
from simclr_tf.retrieval import Embeddings

_PICTURE_PIXELS = 112
# Lines of outliers.csv at most.
_MOST_OUTLIERS = 1000


def analyse(
    files: Mapping[str, Embeddings],
    output_dir: str | os.PathLike[str],
    settings: AnalysisSettings | None = None,
    *,
    read_pictures: ReadPictures | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measures one or two embeddings of the same pictures and writes a report of them.

    Labels are those of the first file. Parts for which something is missing, such as labels, are
    left out, and report.html and analysis.json say which and why.

    Args:
        files: Embeddings by name, for example `{"before": ..., "after": ...}`; the names stand in
            the report.
        output_dir: Folder of report.html (one page with everything inside), analysis.json (all
            figures), the figures as PNG, map.csv, copies.csv, outliers.csv, doubtful_labels.csv
            and, where asked for, projector/. Older figures that are not drawn again do not stay.
        settings: What is looked at.
        read_pictures: Gives pictures by id, see `PictureIndex.decode`; by default they are read
            from the folder of the first file.
        progress: Called with what is done next.

    Returns:
        What analysis.json holds.

    Raises:
        ValueError: There are not one or two files, they share fewer than three usable pictures,
            or UMAP is asked for and not installed.
        OSError: A file cannot be written.
    """
    settings = settings or AnalysisSettings()
    tell = progress or (lambda part: None)
    check_between("len(files)", len(files), 1, 2)
    check_map_method(settings)
    joined = join_embeddings(dict(files), read_pictures)
    output = pathlib.Path(output_dir)
    output.mkdir(parents=True, exist_ok=True)
    map_rows = drawn_rows(len(joined), settings.map_pictures, settings.seed)
    measured = {}
    for name, vectors in joined.vectors.items():
        tell(f"measuring {name}")
        measured[name] = measure(vectors, joined, map_rows, settings)
    last = list(measured.values())[-1]
    findings = Findings(
        joined=joined,
        measured=measured,
        map_rows=map_rows,
        copies=find_copies(
            joined, next(iter(measured.values())).neighbours, settings.duplicate_similarity
        ),
        outliers=outliers(last.neighbours, _MOST_OUTLIERS),
        doubtful=doubtful_labels(last.neighbours, joined.labels),
        settings=settings,
        sources={name: _source(file) for name, file in files.items()},
    )
    pictures = ShownPictures(joined.ids, joined.read_pictures, _PICTURE_PIXELS)
    tell("drawing")
    drawn = draw_figures(output, joined, measured, map_rows, pictures, settings)
    omissions = findings.omissions()
    page = build_page(findings, output, drawn, pictures, omissions)
    _write_tables(output, findings)
    if settings.projector:
        tell("writing the projector")
        write_projector(output / "projector", joined, map_rows)
    result = findings.as_json([*omissions, *unreadable(pictures)])
    write_json(output / "analysis.json", result)
    write_atomically(output / "report.html", page)
    return result


def _source(file: Embeddings) -> dict[str, Any]:
    return {
        "source": str(file.description.get("source", "")),
        "file": str(getattr(file.embeddings, "filename", "") or ""),
        "folder": file.root,
        "pictures": len(file),
        "dimension": int(file.embeddings.shape[1]),
        "encoder": file.encoder,
    }


def _write_tables(output: pathlib.Path, findings: Findings) -> None:
    joined = findings.joined
    names = [*joined.class_names, ""]

    def known(row: int) -> dict[str, Any]:
        return {"picture": joined.ids[row], "class": names[joined.labels[row]]}

    write_csv(output / "map.csv", _map_lines(findings, known))
    columns = ["kind", "cosine", "first", "second", "first_class", "second_class"]
    columns += ["first_split", "second_split"] if joined.splits is not None else []
    write_csv(output / "copies.csv", copy_rows(joined, findings.copies, MOST_COPIES), columns)
    write_csv(
        output / "outliers.csv",
        [{**known(row), "distance": f"{far:.6f}"} for row, far in findings.outliers],
    )
    write_csv(
        output / "doubtful_labels.csv",
        [
            {**known(one.row), "neighbours_say": names[one.suggested], "share": f"{one.share:.3f}"}
            for one in findings.doubtful
        ],
        ("picture", "class", "neighbours_say", "share"),
    )


def _map_lines(
    findings: Findings, known: Callable[[int], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    method = findings.settings.map_method.replace("-", "")
    for place, row in enumerate(findings.map_rows.tolist()):
        line = known(row)
        for name, one in findings.measured.items():
            for kind, points in ((method, one.neighbour_map), ("pca", one.pca)):
                for axis, value in zip("xy", points[place].tolist(), strict=True):
                    line[f"{name}_{kind}_{axis}"] = f"{value:.6g}"
        yield line
