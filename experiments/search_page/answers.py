"""What the page answers to an upload, a marked part, a picked neighbour or a changed setting."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from typing import Any

from experiments.search_page import markup
from experiments.search_page.uploads import Uploads, region_of, upload_name
from simclr_tf.data import UnreadablePicture
from simclr_tf.data.region import Region
from simclr_tf.protocols.indexed_pictures import PictureUnavailable
from simclr_tf.protocols.picture_search import PictureQuery, PictureSearch

_PREVIEW_PIXELS = 640
_THUMBNAIL_PIXELS = 240
# More would not be looked at, and each is a picture to decode.
MOST_NEIGHBOURS = 60


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a person searches with at the moment.

    Attributes:
        query: The picture.
        region: The part of it; None for all of it.
    """

    query: PictureQuery
    region: Region | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the page shows next.

    Attributes:
        asked: What it searches with from now on.
        box: HTML of the box with the query.
        notice: HTML of the line above the neighbours.
        neighbours: HTML of the neighbours; None leaves those that are there.
    """

    asked: Asked | None
    box: str
    notice: str
    neighbours: str | None


class Answers:
    """Answers for one page; a mistake is told in the notice, and what was shown stays.

    Args:
        search: What is searched.
        upload_dir: Folder that uploads come to. They are deleted once read, and no path outside
            it is taken for an upload.
    """

    def __init__(self, search: PictureSearch, upload_dir: str | os.PathLike[str]) -> None:
        self.search = search
        self._uploads = Uploads(upload_dir, search.limits.max_bytes)

    def to_upload(
        self, asked: Asked | None, sent: Any, k: int, class_names: Sequence[str]
    ) -> Answer:
        """Answers a picture that was uploaded; `sent` is `{"path": ..., "name": ...}`."""
        name = upload_name(sent)
        try:
            content = self._uploads.take(sent)
            query = self.search.query_from_upload(content, name)
        except UnreadablePicture as error:
            return self._refused(asked, _cannot(name, error))
        except ValueError as error:
            return self._refused(asked, str(error))
        return self._answer(Asked(query), asked, k, class_names)

    def to_region(
        self, asked: Asked | None, sent: Any, k: int, class_names: Sequence[str]
    ) -> Answer:
        """Answers a box drawn on the query; `sent` is `{"region": [l, t, r, b] or None}`."""
        if asked is None:
            return self._refused(None, "Choose a picture first.")
        try:
            chosen = region_of(sent)
        except ValueError as error:
            return self._refused(asked, str(error))
        return self._answer(dataclasses.replace(asked, region=chosen), asked, k, class_names)

    def to_pick(self, asked: Asked | None, sent: Any, k: int, class_names: Sequence[str]) -> Answer:
        """Answers "search with this one"; `sent` is `{"row": row}`."""
        row = sent.get("row") if isinstance(sent, dict) else None
        try:
            query = self.search.query_from_row(row if isinstance(row, int) else -1)
        except ValueError as error:
            return self._refused(asked, str(error))
        return self._answer(Asked(query), asked, k, class_names)

    def to_settings(self, asked: Asked | None, k: int, class_names: Sequence[str]) -> Answer:
        """Answers another number of neighbours or another choice of classes."""
        if asked is None:
            return Answer(None, markup.query_box(), "", "")
        return self._answer(asked, asked, k, class_names)

    def _answer(
        self, asked: Asked, before: Asked | None, k: int, class_names: Sequence[str]
    ) -> Answer:
        start = time.perf_counter()
        try:
            k = min(int(k), MOST_NEIGHBOURS)
            found = self.search.search(asked.query, k, region=asked.region, class_names=class_names)
        except (PictureUnavailable, UnreadablePicture) as error:
            return self._refused(before, _cannot(asked.query.name, error))
        except ValueError as error:
            return self._refused(before, str(error))
        shown = self.search.shown(found, _THUMBNAIL_PIXELS)
        box = self._box(asked)
        seconds = time.perf_counter() - start
        return Answer(asked, box, markup.summary(shown, seconds), markup.neighbours(shown))

    def _refused(self, asked: Asked | None, text: str) -> Answer:
        return Answer(asked, self._box(asked), markup.notice(text, "error"), None)

    def _box(self, asked: Asked | None) -> str:
        if asked is None:
            return markup.query_box()
        try:
            picture = self.search.preview(asked.query, _PREVIEW_PIXELS)
        except (PictureUnavailable, UnreadablePicture) as error:
            return markup.query_box(asked.query.name, trouble=str(error))
        return markup.query_box(asked.query.name, picture, asked.region)


def _cannot(name: str, error: ValueError) -> str:
    return f"{name} cannot be searched with: {error}."
