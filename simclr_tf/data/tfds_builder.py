"""Finding and preparing a TensorFlow data set, with errors that say what to do."""

from __future__ import annotations

import difflib
import importlib
import os
import socket
import urllib.parse
import urllib.request
from typing import Any

from simclr_tf.data.cache_folder import cache_folder

EMBEDDED = "symbols"
_EMBEDDED_BUILDERS = {
    "symbols": ("simclr_tf.data.symbols", "Symbols"),
    "floor_plans": ("simclr_tf.data.floor_plans", "FloorPlans"),
}


def prepared_builder(dataset: str, cache_dir: str | os.PathLike[str] | None = None) -> Any:
    """Returns the builder of a data set whose files are on disk, downloading where needed."""
    import tensorflow_datasets as tfds

    instead = f"The data set {EMBEDDED!r} is embedded and needs no download."
    try:
        if dataset.partition("/")[0] in _EMBEDDED_BUILDERS:
            module, name = _EMBEDDED_BUILDERS[dataset.partition("/")[0]]
            folder = cache_folder(cache_dir) / "tensorflow_datasets"
            config = dataset.partition("/")[2] or None
            make = getattr(importlib.import_module(module), name)
            builder = make(data_dir=os.fspath(folder), config=config)
        else:
            builder = tfds.builder(dataset)
    except tfds.core.DatasetNotFoundError:
        known = [*tfds.list_builders(with_community_datasets=False), *_EMBEDDED_BUILDERS]
        close = difflib.get_close_matches(dataset.partition("/")[0], known, n=5)
        suggestion = f"close names: {', '.join(close)}. " if close else ""
        raise ValueError(
            "`dataset` must be the name of a TensorFlow data set; "
            f"{suggestion}{instead} Received: dataset={dataset!r}"
        ) from None
    except (ValueError, AssertionError) as error:
        raise ValueError(
            f"The data set {dataset!r} is not available: {_on_one_line(error)} {instead}"
        ) from error
    _check_image_feature(builder, dataset)
    try:
        if not builder.is_prepared():
            _check_reachable(builder)
        builder.download_and_prepare()
    except (OSError, ImportError, AssertionError, tfds.download.DownloadError) as error:
        raise ValueError(
            f"The data set {dataset!r} cannot be prepared: {_on_one_line(error)} {instead} "
            "A folder of pictures is read with `data_dir`."
        ) from error
    return builder


def _on_one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300].rstrip(".:") + "."


def _check_reachable(builder: Any) -> None:
    """Fails at once without a network, where the download would try for minutes."""
    if urllib.request.getproxies():
        return
    for url in list(builder.url_infos)[:1]:
        host = urllib.parse.urlsplit(url).hostname
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            raise OSError(f"It needs a download from {host}, which cannot be reached") from error


def _check_image_feature(builder: Any, dataset: str) -> None:
    import tensorflow_datasets as tfds

    features = _features(builder)
    if not isinstance(features.get("image"), tfds.features.Image):
        names = ", ".join(features) or "none"
        raise ValueError(
            f"`dataset` must have a feature `image`; the features of {dataset!r} are: {names}. "
            f"Received: dataset={dataset!r}"
        )


def _features(builder: Any) -> dict[str, Any]:
    features = builder.info.features
    return dict(features.items()) if hasattr(features, "items") else {}


def class_names_of(builder: Any) -> list[str]:
    """Returns the names of the feature `label` in order; none without labels."""
    import tensorflow_datasets as tfds

    label = _features(builder).get("label")
    return list(label.names or []) if isinstance(label, tfds.features.ClassLabel) else []
