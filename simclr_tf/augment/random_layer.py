"""The base of all augmentations: per-picture randomness that is a pure function of a seed."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import draw_for_own_rows, replica_count, take_own_rows


class RandomLayer(keras.layers.Layer):
    """A random picture transformation with its randomness separated from its arithmetic.

    `transform(images, seed)` is a pure function: the same seed draws the same augmentation for
    every picture. Calling the layer draws the next seed from its own generator, whose state is
    saved with the layer, so a restored model continues with the augmentations it would have drawn.
    The arithmetic is always float32, also under mixed precision.

    Args:
        seed: whole number that starts the layer's generator; `None` draws one.

    Input shape:
        `[batch, height, width, 3]`, uint8 or floating, values in 0..255.

    Output shape:
        `[batch, height, width, 3]`, float32, values in 0..255.
    """

    def __init__(self, seed: int | None = None, **kwargs) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def transform(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch, height, width, 3]`; `seed` is int32 `[2]`."""
        raise NotImplementedError

    def transform_at_rest(self, images: tf.Tensor) -> tf.Tensor:
        """Returns what `training=False` gives: float32, unchanged but for the size."""
        return tf.cast(images, tf.float32)

    def next_seed(self) -> tf.Tensor:
        """Draws the next seed, int32 `[2]`, from the layer's own generator."""
        return tf.cast(self.seed_generator.next(), tf.int32)

    def build(self, input_shape):
        self.built = True

    def call(self, images, training=True):
        images = tf.convert_to_tensor(images)
        if not training:
            return self.transform_at_rest(images)
        return self.transform(images, self.next_seed())

    def compute_output_shape(self, input_shape):
        return input_shape

    # Keras keeps a seed generator's state in `variables` but leaves it out of saved files.
    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed_generator_state"] = self.seed_generator.state.numpy()

    def load_own_variables(self, store):
        self.seed_generator.state.assign(store["seed_generator_state"])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def draw_uniform(seed: tf.Tensor, shape: list, low: float, high: float) -> tf.Tensor:
    """Returns float32 `shape`, uniform in `[low, high)`; its first dimension are the pictures."""
    return low + (high - low) * draw_unit(seed, shape)


def draw_chosen(seed: tf.Tensor, batch: tf.Tensor, probability: float) -> tf.Tensor:
    """Returns bool `[batch]`, each true with `probability`, independently."""
    return draw_unit(seed, [batch]) < probability


def draw_unit(seed: tf.Tensor, shape: list | tf.Tensor) -> tf.Tensor:
    """Returns float32 `shape`, uniform in `[0, 1)`; its first dimension are the pictures."""
    return draw_for_own_rows(lambda whole: tf.random.stateless_uniform(whole, seed), shape)


def draw_whole(seed: tf.Tensor, shape: list, count: int, axis: int = 0) -> tf.Tensor:
    """Returns int32 `shape`, uniform in 0..`count` - 1; the pictures are along `axis`."""
    return draw_for_own_rows(
        lambda whole: tf.random.stateless_uniform(whole, seed, 0, count, tf.int32), shape, axis
    )


class Chosen:
    """Which pictures of a batch a layer treats, drawn for each with one probability.

    Args:
        seed: int32 `[2]`.
        batch: this replica's pictures.
        probability: of each, 0..1.
    """

    def __init__(self, seed: tf.Tensor, batch: tf.Tensor, probability: float) -> None:
        self.seed = seed
        self.batch = batch
        self.probability = probability

    def rows(self) -> tf.Tensor:
        """Returns bool `[batch]`."""
        return draw_chosen(self.seed, self.batch, self.probability)

    def draw(
        self, draw: Callable[[tf.Tensor], tf.Tensor], shape: tf.Tensor, numbers: tf.Tensor
    ) -> tf.Tensor:
        """Draws numbers for the treated pictures and for nobody else.

        Args:
            draw: stateless random draw of a shape.
            shape: int32 `[rank]`, of the treated pictures of this replica.
            numbers: int64 `[b]`, their rows, as `apply_to_chosen` hands them out.
        """
        count = replica_count()
        if count == 1:
            return draw(shape)
        # One device draws them for those of all replicas, one after the other.
        of_all = tf.random.stateless_uniform([self.batch * count], self.seed) < self.probability
        places = tf.cumsum(tf.cast(of_all, tf.int32))
        drawn = draw(tf.concat([places[-1:], shape[1:]], axis=0))
        return tf.gather(drawn, tf.gather(take_own_rows(places), numbers) - 1)


def apply_to_chosen(images: tf.Tensor, chosen: tf.Tensor, function) -> tf.Tensor:
    """Replaces the rows where `chosen` (bool `[batch]`) by `function(rows, row_numbers)`.

    Only the chosen pictures are computed: a blur that half of them draw costs half.
    """
    rows = tf.where(chosen)[:, 0]
    changed = function(tf.gather(images, rows), rows)
    return tf.tensor_scatter_nd_update(images, rows[:, None], changed)
