"""One picture file as a source of its own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from simclr_tf.data.decode import MINIMUM_SIZE, UnreadablePicture, decode_picture
from simclr_tf.data.decode_many import decode_files
from simclr_tf.data.manifest import hash_file
from simclr_tf.data.picture_index import PictureIndex
from simclr_tf.data.picture_set import UNLABELLED
from simclr_tf.data.splits import TRAIN


def index_picture(path: str | os.PathLike[str]) -> PictureIndex:
    """Returns one picture without a label; its id is the file's name.

    Raises:
        ValueError: if there is no such file or it is not a picture that can be read.
    """
    file = Path(path).expanduser()
    try:
        decode_picture(file, MINIMUM_SIZE)
    except UnreadablePicture as error:
        raise ValueError(
            f"`query` must be a picture that can be read ({error}). "
            f"Received: query={os.fspath(path)!r}"
        ) from error
    root = os.fspath(file.parent)
    return PictureIndex(
        name=file.name,
        place=f"the file {file}",
        ids=(file.name,),
        labels=np.array([UNLABELLED], np.int32),
        sha256=(hash_file(os.fspath(file)) or "",),
        splits=(TRAIN,),
        class_names=(),
        decode=lambda ids, size, mode: decode_files(root, ids, size, mode),
    )
