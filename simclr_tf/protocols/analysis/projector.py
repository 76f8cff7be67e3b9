"""Files that TensorBoard's Embedding Projector opens: vectors, names and pictures."""

from __future__ import annotations

import io
import math
import os
import pathlib
import shutil
import uuid

import numpy as np

from simclr_tf.files import write_atomically
from simclr_tf.protocols.analysis.joined import Joined
from simclr_tf.protocols.analysis.pictures import ShownPictures

# What TensorBoard takes at most, see "Visualizing Data using the Embedding Projector in
# TensorBoard" on tensorflow.org.
_SPRITE_PIXELS = 8192
_LARGEST_PICTURE = 64
_SMALLEST_PICTURE = 8


def write_projector(folder: pathlib.Path, joined: Joined, rows: np.ndarray) -> None:
    """Writes a folder for `tensorboard --logdir=FOLDER`; a half-written one is never seen.

    It holds projector_config.pbtxt, the vectors of each embedding, metadata.tsv (id, class, split)
    and, where the pictures can be had, sprite.png.

    Args:
        folder: Made, or replaced where it is one of these.
        joined: The pictures.
        rows: int64 `[m]`: which of them.

    Raises:
        ValueError: `folder` is something else.
        OSError: It cannot be written.
    """
    from tensorboard.plugins import projector

    if folder.exists() and not (folder / "projector_config.pbtxt").is_file():
        raise ValueError(
            "`output_dir` must not hold another projector/ than one of an earlier analysis. "
            f"Received: {os.fspath(folder)!r}"
        )
    beside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    beside.mkdir()
    try:
        write_atomically(beside / "metadata.tsv", _metadata(joined, rows))
        side = _write_sprite(beside / "sprite.png", joined, rows)
        config = projector.ProjectorConfig()
        for name, vectors in joined.vectors.items():
            file = f"{name}.tsv"
            text = io.StringIO()
            np.savetxt(text, vectors[rows], "%.6g", delimiter="\t")
            write_atomically(beside / file, text.getvalue())
            embedding = config.embeddings.add(
                tensor_name=name, tensor_path=file, metadata_path="metadata.tsv"
            )
            if side:
                embedding.sprite.image_path = "sprite.png"
                embedding.sprite.single_image_dim.extend([side, side])
        projector.visualize_embeddings(os.fspath(beside), config)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _metadata(joined: Joined, rows: np.ndarray) -> str:
    names = [*joined.class_names, ""]
    has_splits = joined.splits is not None
    header = ["picture", "class", *["split"] * has_splits]
    lines = ["\t".join(header)]
    for row in rows.tolist():
        cells = [joined.ids[row], names[joined.labels[row]] or "no label"]
        if joined.splits is not None:
            cells.append(joined.splits[row])
        # A tab or a line's end in a name would begin another cell.
        plain = (" ".join(cell.encode("utf-8", "replace").decode().split()) for cell in cells)
        lines.append("\t".join(plain))
    return "\n".join(lines) + "\n"


def _write_sprite(path: pathlib.Path, joined: Joined, rows: np.ndarray) -> int:
    """Writes all pictures row by row into one square; returns their side, 0 without pictures."""
    from PIL import Image

    columns = math.ceil(len(rows) ** 0.5)
    side = min(_LARGEST_PICTURE, _SPRITE_PIXELS // columns)
    if joined.read_pictures is None or side < _SMALLEST_PICTURE:
        return 0
    pictures = ShownPictures(joined.ids, joined.read_pictures, side).get(rows)
    sprite = np.full((columns * side, columns * side, 3), 255, np.uint8)
    for place, row in enumerate(rows.tolist()):
        top, left = place // columns * side, place % columns * side
        sprite[top : top + side, left : left + side] = pictures[row]
    content = io.BytesIO()
    Image.fromarray(sprite).save(content, "PNG")
    write_atomically(path, content.getvalue())
    return side
