"""Embeddings laid out in the plane by PCA, t-SNE or UMAP."""

from __future__ import annotations

import numpy as np

from simclr_tf.protocols.analysis.settings import AnalysisSettings

# What t-SNE is given at most: van der Maaten and Hinton (2008), section 4.2, take 30.
_COMPONENTS = 50
# Below it all embeddings are one point but for rounding.
_SMALLEST_SPREAD = 1e-10


def drawn_rows(count: int, most: int, seed: int) -> np.ndarray:
    """Returns all rows, or `most` of them at random, int64 rising."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def pca_map(vectors: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Returns the first two principal components float64 `[n, 2]` and their share of variance."""
    components, shares = _components(vectors, 2, seed)
    return components, float(shares.sum())


def neighbour_map(vectors: np.ndarray, settings: AnalysisSettings) -> np.ndarray:
    """Returns the map float64 `[n, 2]` of t-SNE or UMAP, n >= 3, the same at every call.

    The perplexity is at most a third of the other pictures. Where all embeddings are one point,
    so is the map.

    Raises:
        ValueError: UMAP is asked for and not installed.

    Reference:
        van der Maaten and Hinton, "Visualizing Data using t-SNE" (2008); McInnes, Healy and
        Melville, "UMAP" (2018).
    """
    components, _ = _components(vectors, _COMPONENTS, settings.seed)
    if settings.map_method == "umap":
        return _umap(components, settings)
    from sklearn.manifold import TSNE

    if not components.any():
        return components[:, :2]
    tsne = TSNE(
        perplexity=min(settings.perplexity, (len(vectors) - 1) / 3),
        init="pca",
        learning_rate="auto",
        random_state=settings.seed,
    )
    return tsne.fit_transform(components).astype(np.float64)


def check_map_method(settings: AnalysisSettings) -> None:
    """Raises `ValueError` where UMAP is asked for and cannot be imported."""
    import importlib.util

    if settings.map_method == "umap" and importlib.util.find_spec("umap") is None:
        raise ValueError(
            '`map_method` may be umap only with its package: pip install "simclr_tf[umap]". '
            "Received: map_method='umap'"
        )


def _components(vectors: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns at least two principal components float64 `[n, c]` and their shares `[c]`."""
    from sklearn.decomposition import PCA

    vectors = np.asarray(vectors, np.float64)
    count = min(most, *vectors.shape)
    if vectors.var(axis=0).sum() < _SMALLEST_SPREAD:
        return np.zeros((len(vectors), max(count, 2))), np.zeros(max(count, 2))
    pca = PCA(count, random_state=seed)
    components = pca.fit_transform(vectors)
    missing = max(0, 2 - count)
    return (
        np.pad(components, ((0, 0), (0, missing))),
        np.pad(pca.explained_variance_ratio_, (0, missing)),
    )


def _umap(components: np.ndarray, settings: AnalysisSettings) -> np.ndarray:
    check_map_method(settings)
    import umap

    neighbours = min(15, len(components) - 1)
    # One seed and one thread: with more, the map would differ from run to run.
    reducer = umap.UMAP(
        n_neighbors=neighbours,
        # Its spectral start needs more pictures than it has dimensions to spare.
        init="spectral" if len(components) > 10 else "random",
        random_state=settings.seed,
        n_jobs=1,
    )
    return np.asarray(reducer.fit_transform(components), np.float64)
