"""What an analysis looks at: plain values, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between, check_one_of

MAP_METHODS = ("t-sne", "umap")


@dataclasses.dataclass(frozen=True)
class AnalysisSettings:
    """Everything that decides an analysis but the embeddings.

    Attributes:
        map_method: of the map beside that of PCA: t-sne or umap (pip install umap-learn).
        map_pictures: pictures in the maps and the projector, drawn at random, at least 3.
        perplexity: of t-SNE, about how many neighbours count; less is taken for few pictures.
        thumbnails: draw maps of the pictures themselves as well.
        named_classes: largest classes with a colour and a name in the maps, 1 to 18.
        neighbours: nearest pictures looked at for copies, outliers and labels, at least 1.
        duplicate_similarity: cosine from which two pictures are near-duplicates, -1 to 1.
        false_accept_rate: share of pairs of different classes that a threshold may accept.
        max_pairs: pairs drawn of each kind for the similarities, at least 100.
        max_queries: pictures that look for their class, drawn at random, at least 1.
        cluster_pictures: pictures that are clustered, drawn at random, at least 2.
        examples: pictures or pairs shown of each kind in the report, 0 to 100.
        projector: write files that TensorBoard shows as a map to walk through.
        resamples: of the bootstrap intervals, at least 1.
        seed: of every draw.
    """

    map_method: str = "t-sne"
    map_pictures: int = 2000
    perplexity: float = 30.0
    thumbnails: bool = False
    named_classes: int = 12
    neighbours: int = 10
    duplicate_similarity: float = 0.98
    false_accept_rate: float = 0.01
    max_pairs: int = 1_000_000
    max_queries: int = 5000
    cluster_pictures: int = 5000
    examples: int = 12
    projector: bool = False
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        check_one_of("map_method", self.map_method, MAP_METHODS)
        check_at_least("map_pictures", self.map_pictures, 3)
        check_at_least("perplexity", self.perplexity, 1)
        check_between("named_classes", self.named_classes, 1, 18)
        check_at_least("neighbours", self.neighbours, 1)
        check_between("duplicate_similarity", self.duplicate_similarity, -1.0, 1.0)
        check_between("false_accept_rate", self.false_accept_rate, 1e-6, 0.5)
        check_at_least("max_pairs", self.max_pairs, 100)
        check_at_least("max_queries", self.max_queries, 1)
        check_at_least("cluster_pictures", self.cluster_pictures, 2)
        check_between("examples", self.examples, 0, 100)
        check_at_least("resamples", self.resamples, 1)
        check_at_least("seed", self.seed, 0)
