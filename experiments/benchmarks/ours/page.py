"""What the search page does between a picked picture and the neighbours that it shows."""

from __future__ import annotations

import itertools
import pathlib
import tempfile
import time
import weakref
from collections.abc import Callable

from experiments.benchmarks.pictures import picture_files, write_jpeg_folder
from experiments.search_page.answers import Answers
from simclr_tf.data import index_pictures
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import EmbeddingSettings, embed_pictures, open_picture_search
from simclr_tf.protocols.picture_search import PictureSearch

_PIXELS = 128
_UPLOADS = 64
# As many as the page shows at first.
_NEIGHBOURS = 12


def seconds_to_neighbours(
    pictures: int, encoder: str, width: float, image_size: int
) -> Callable[[int], float]:
    """Returns a task that gives the seconds from an uploaded file to the HTML of its neighbours.

    The uploads differ, and few of their neighbours were shown before.

    Args:
        pictures: in the folder that is searched, JPEG files of 128 pixels.
        encoder: network of the index.
        width: multiplier of its channels.
        image_size: side of the pictures that it takes.
    """
    folder = tempfile.TemporaryDirectory()
    place = pathlib.Path(folder.name)
    write_jpeg_folder(place / "uploaded", _UPLOADS, _PIXELS, seed=1)
    uploads = [pathlib.Path(name).read_bytes() for name in picture_files(place / "uploaded")]
    search = _search(place, pictures, encoder, width, image_size)
    answers, following = Answers(search, place), itertools.cycle(uploads)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            # The page deletes an upload that it has read.
            (place / "sent.jpg").write_bytes(next(following))
            sent = {"path": str(place / "sent.jpg"), "name": "sent.jpg"}
            answer = answers.to_upload(None, sent, _NEIGHBOURS, ())
            if answer.neighbours is None:
                raise ValueError(f"the page found no neighbours: {answer.notice}")
        return (time.perf_counter() - begin) / count

    weakref.finalize(run, folder.cleanup)
    return run


def _search(
    place: pathlib.Path, pictures: int, encoder: str, width: float, image_size: int
) -> PictureSearch:
    root, encoder_file = place / "pictures", place / "encoder.keras"
    write_jpeg_folder(root, pictures, _PIXELS)
    network = build_encoder(encoder, image_size=image_size, width=width, mixed_precision="bfloat16")
    network.save(encoder_file)
    embed_pictures(
        index_pictures(root, cache_dir=place),
        encoder_file,
        place / "embeddings.npz",
        EmbeddingSettings(image_size=image_size),
        root=str(root),
    )
    search = open_picture_search(place / "embeddings.npz", encoder_file)
    search.warm_up()
    return search
