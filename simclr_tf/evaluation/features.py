"""Features of a frozen encoder, taken before the projection head."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.checks import check_at_least
from simclr_tf.data.sharded_pictures import Pictures
from simclr_tf.distribution.inference import local_replica_count, on_local_replicas
from simclr_tf.distribution.workers import join_rows, worker_place
from simclr_tf.encoders.batch_norm_folding import fold_batch_norm


class FeatureExtractor:
    """Turns raw pictures into features, tracing the encoder once for all calls.

    Weights are read at each call, unless it is told that they are frozen: after more training the
    features are the new ones. In the scope of a strategy the replicas of this process share each
    batch.

    Args:
        encoder: Model, or what `EncoderSource.load` gives, from raw uint8 pictures
            `[batch, size, size, 3]` to features `[batch, d]`; run with `training=False`.
        batch_size: Pictures per step, at least 1.
        across_workers: With several workers each embeds its part of every batch, and all have the
            features of all; they must then call it alike, with the same pictures.
        frozen: The weights stay as they are now: a model's batch normalisation becomes part of its
            convolutions, which takes up to a quarter of the time away and changes features in the
            last digits.

    Example:
        extractor = FeatureExtractor(encoder)
        train, test = extractor(splits.train.images), extractor(splits.test.images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        batch_size: int = 512,
        across_workers: bool = False,
        frozen: bool = False,
    ) -> None:
        check_at_least("batch_size", batch_size, 1)
        encoder = fold_batch_norm(encoder) if frozen else encoder
        self.encoder = encoder
        self.batch_size = batch_size
        self.across_workers = across_workers
        self._encode = tf.function(
            lambda pictures: tf.cast(encoder(pictures, training=False), tf.float32),
            autograph=False,
            reduce_retracing=True,
        )
        self._traced: dict[tuple[int, ...], Callable[[np.ndarray], np.ndarray]] = {}

    def __call__(self, images: Pictures) -> np.ndarray:
        """Returns the features float32 `[n, d]` of `images`, uint8 `[n, size, size, 3]`.

        Raises:
            ValueError: `images` are not uint8 pictures, there are none, or a feature is
                NaN or infinite.
        """
        if images.ndim != 4 or images.dtype != np.uint8 or len(images) == 0:
            raise ValueError(
                "`images` must be uint8 pictures [n, size, size, 3] with n >= 1. "
                f"Received: images.shape={images.shape}, images.dtype={images.dtype}"
            )
        encode = self._function_for(images.shape[1:])
        batches = [
            encode(batch)[:filled] for batch, filled in _full_batches(images, self.batch_size)
        ]
        features = np.concatenate(batches)
        _check_finite(features)
        return features

    def _function_for(self, picture_shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        if picture_shape not in self._traced:
            encode = self._on_devices(picture_shape)
            self._traced[picture_shape] = _across_workers(encode) if self.across_workers else encode
        return self._traced[picture_shape]

    def _on_devices(self, picture_shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        if local_replica_count() > 1:
            return on_local_replicas(self._encode.python_function)
        traced = self._encode.get_concrete_function(tf.TensorSpec((None, *picture_shape), tf.uint8))
        return lambda batch: traced(tf.constant(batch)).numpy()


def extract_features(encoder: keras.Model, images: Pictures, batch_size: int = 512) -> np.ndarray:
    """Computes the features of pictures with a frozen encoder.

    For several sets of pictures a `FeatureExtractor` traces the encoder only once.

    Args:
        encoder: Model, or what `EncoderSource.load` gives, from raw uint8 pictures
            `[batch, size, size, 3]` to features `[batch, d]`; run with `training=False`.
        images: Pictures uint8 `[n, size, size, 3]`, an array, a memory map or `ShardedPictures`.
        batch_size: Pictures per step, at least 1.

    Returns:
        Features float32 `[n, d]`, also where the encoder computes in bfloat16.

    Raises:
        ValueError: `images` are not uint8 pictures, there are none, or a feature is
            NaN or infinite.
    """
    return FeatureExtractor(encoder, batch_size)(images)


def _full_batches(images: Pictures, batch_size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yields batches of one size, and how many of their pictures are real.

    A last batch of another size would make a GPU search its kernels again.
    """
    batch_size = min(batch_size, len(images))
    for start in range(0, len(images), batch_size):
        batch = np.ascontiguousarray(images[start : start + batch_size])
        missing = batch_size - len(batch)
        yield np.pad(batch, ((0, missing), (0, 0), (0, 0), (0, 0))), len(batch)


def _across_workers(
    encode: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Each worker encodes its own pictures of a batch, as many as the others."""
    place = worker_place()

    def encode_share(batch: np.ndarray) -> np.ndarray:
        filling = np.repeat(batch[:1], -len(batch) % place.count, axis=0)
        own = place.own(np.concatenate([batch, filling]))
        return join_rows(encode(own))[: len(batch)]

    return encode_share


def _check_finite(features: np.ndarray) -> None:
    if features.ndim != 2:
        raise ValueError(
            "`encoder` must give one feature vector [d] per picture. "
            f"Received: features.shape={features.shape}"
        )
    bad = int(np.sum(~np.isfinite(features).all(axis=1)))
    if bad:
        raise ValueError(
            "`encoder` must give finite features. "
            f"Received: NaN or infinity for {bad} of {len(features)} pictures"
        )
