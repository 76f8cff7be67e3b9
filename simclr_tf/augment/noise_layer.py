"""The base of the layers that add noise of a strength drawn for each picture."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from simclr_tf.augment.random_layer import Chosen, RandomLayer, apply_to_chosen, draw_uniform
from simclr_tf.checks import check_between

# From a stateless draw of TensorFlow and the shape for the chosen pictures to what is drawn.
Draw = Callable[[Callable[..., tf.Tensor], tf.Tensor], tf.Tensor]


class NoiseLayer(RandomLayer):
    """Chooses pictures, draws how strong the noise of each is, and adds it to those alone.

    Args:
        probability: share of the pictures that get noise, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if `probability` is out of its range.
    """

    def __init__(self, probability: float, seed: int | None = None, **kwargs) -> None:
        super().__init__(seed=seed, **kwargs)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    @property
    def strengths(self) -> tuple[float, float]:
        """Smallest and largest strength that is drawn."""
        raise NotImplementedError

    def add_noise(self, rows: tf.Tensor, strength: tf.Tensor, draw: Draw) -> tf.Tensor:
        """Returns noisy pictures, 0..255.

        Args:
            rows: the chosen pictures, float32 `[b, height, width, channels]`.
            strength: of each, float32 `[b, 1, 1, 1]`.
            draw: `draw(tf.random.stateless_normal, shape)` draws the noise.
        """
        raise NotImplementedError

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, strength_seed, noise_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        strength = draw_uniform(strength_seed, [batch], *self.strengths)[:, None, None, None]
        chosen = Chosen(chosen_seed, batch, self.probability)

        def change(rows, numbers):
            def draw(stateless, shape):
                return chosen.draw(lambda whole: stateless(whole, noise_seed), shape, numbers)

            return self.add_noise(rows, tf.gather(strength, numbers), draw)

        return apply_to_chosen(images, chosen.rows(), change)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}
