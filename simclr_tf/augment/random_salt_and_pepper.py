"""White and black pixels, a share of them drawn for each picture."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.augment.random_layer import Chosen, RandomLayer, apply_to_chosen, draw_uniform
from simclr_tf.checks import check_between, check_range


@keras.saving.register_keras_serializable(package="simclr_tf")
class RandomSaltAndPepper(RandomLayer):
    """Makes pixels white or black, half of them each, as dust and drop-outs of a scanner do.

    Args:
        amount: smallest and largest share of a picture's pixels, within 0..1.
        probability: share of the pictures that are changed, 0..1.
        seed: see `RandomLayer`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> scanned = RandomSaltAndPepper(amount=(0.0, 0.02), probability=0.5, seed=0)(pictures)
    """

    def __init__(
        self,
        amount: tuple[float, float] = (0.0, 0.01),
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.amount = check_range("amount", amount, 0, 1)
        check_between("probability", probability, 0, 1)
        self.probability = probability

    def transform(self, images, seed):
        images = tf.cast(images, tf.float32)
        batch = tf.shape(images)[0]
        chosen_seed, amount_seed, pixel_seed = tf.unstack(tf.random.split(seed, 3), num=3)
        amount = draw_uniform(amount_seed, [batch], *self.amount)[:, None, None, None]

        chosen = Chosen(chosen_seed, batch, self.probability)

        def sprinkle(rows, numbers):
            # One draw says both whether a pixel is changed and to what.
            draws = chosen.draw(
                lambda shape: tf.random.stateless_uniform(shape, pixel_seed),
                tf.shape(rows[..., :1]),
                numbers,
            )
            share = tf.gather(amount, numbers)
            colour = tf.where(draws < share / 2.0, 0.0, 255.0)
            return tf.where(draws < share, colour, rows)

        return apply_to_chosen(images, chosen.rows(), sprinkle)

    def get_config(self):
        return {**super().get_config(), "amount": self.amount, "probability": self.probability}
