"""Search among the embedded pictures of a gallery, in all of it or in some of its classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.retrieval.embedding_file import Embeddings
from simclr_tf.retrieval.index import Index
from simclr_tf.similarity import top_k_cosine


@dataclasses.dataclass(frozen=True)
class FoundPicture:
    """A picture of the gallery that a search has found.

    Attributes:
        row: Its row in the gallery.
        id: Its id there: the path below the gallery's root with `/`.
        score: Cosine with the query, in [-1, 1].
        class_name: Its class; empty where it has none.
    """

    row: int
    id: str
    score: float
    class_name: str


class GallerySearch:
    """Finds the rows of a gallery whose embeddings are most similar to one embedding.

    Args:
        gallery: What is searched, at least one picture.
        index: An index over `gallery.paths` in their order; an exact one is made without it.

    Attributes:
        class_counts: Pictures by class, in the order of the names, classes without any left out.

    Raises:
        ValueError: The gallery is empty, or the index is of other pictures or another encoder.
    """

    def __init__(self, gallery: Embeddings, index: Index | None = None) -> None:
        if not len(gallery):
            raise ValueError("`gallery` must hold at least one picture. Received: none")
        self.gallery = gallery
        self._paths = gallery.paths
        if index is None:
            index = Index(gallery.embeddings.shape[1], encoder=gallery.encoder)
            index.add(self._paths, gallery.embeddings, encoder=gallery.encoder)
        elif index.encoder != gallery.encoder or tuple(index.ids) != self._paths:
            raise ValueError(
                "`index` must be of the gallery's pictures and encoder: make both again "
                f"together. Received: {len(index)} pictures for a gallery of {len(gallery)}"
            )
        self._index = index
        self._row_of = {path: row for row, path in enumerate(self._paths)}
        counts = np.bincount(gallery.labels[gallery.labels >= 0], minlength=1).tolist()
        self.class_counts = {
            name: count for name, count in zip(gallery.class_names, counts, strict=False) if count
        }

    def search(
        self,
        embedding: np.ndarray,
        k: int,
        *,
        class_names: Collection[str] = (),
        exclude: int | None = None,
    ) -> list[FoundPicture]:
        """Finds the pictures most similar to one embedding of the gallery's encoder.

        Args:
            embedding: Float `[d]`; it need not be normalised.
            k: How many to find, at least 1; all there are where they are fewer.
            class_names: Only pictures of these classes are found; of every class, and those
                without one, when empty. This search is exact with every engine.
            exclude: A row that is not to be found.

        Returns:
            At most `k` pictures, the most similar first.

        Raises:
            ValueError: `k` is out of range, a class is not known, or the embedding is not finite
                or of another length.
        """
        check_at_least("k", k, 1)
        for name in class_names:
            check_one_of("class_names", name, self.class_counts)
        if class_names:
            return self._search_classes(embedding, k, class_names, exclude)
        others = len(self.gallery) - (exclude is not None)
        if not others:
            return []
        found, scores = self._index.search(
            np.asarray(embedding)[None],
            min(k, others),
            exclude=None if exclude is None else [self._paths[exclude]],
            encoder=self.gallery.encoder,
        )
        rows = [self._row_of[path] for path in found[0]]
        return self._found(rows, scores[0].tolist())

    def _search_classes(
        self, embedding: np.ndarray, k: int, class_names: Collection[str], exclude: int | None
    ) -> list[FoundPicture]:
        labels = [self.gallery.class_names.index(name) for name in class_names]
        rows = np.flatnonzero(np.isin(self.gallery.labels, labels))
        rows = rows[rows != exclude] if exclude is not None else rows
        if not len(rows):
            return []
        scores, places = top_k_cosine(
            np.asarray(embedding)[None], self.gallery.embeddings[rows], min(k, len(rows))
        )
        return self._found(rows[places[0]].tolist(), scores[0].tolist())

    def _found(self, rows: list[int], scores: list[float]) -> list[FoundPicture]:
        labels, names = self.gallery.labels, self.gallery.class_names
        return [
            FoundPicture(
                row=row,
                id=self.gallery.ids[row],
                score=score,
                class_name=names[labels[row]] if labels[row] >= 0 else "",
            )
            for row, score in zip(rows, scores, strict=True)
        ]
