import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import (
    Augmenter,
    RandomColorJitter,
    RandomFlip,
    RandomGrayscale,
    RandomLayer,
    RandomResizedCrop,
    RandomSolarize,
)

SEED = tf.constant([3, 4])


@keras.saving.register_keras_serializable(package="tests")
class Affine(RandomLayer):
    """Multiplies and adds, and notes the seeds it is given."""

    def __init__(self, factor=1.0, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.offset, self.seeds = factor, offset, []

    def transform(self, images, seed):
        self.seeds.append(tuple(seed.numpy()))
        return self.factor * tf.cast(images, tf.float32) + self.offset


def pictures(count, size=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def test_layers_are_applied_in_the_order_given():
    # (20 * 2) + 3 = 43 and (20 + 3) * 2 = 46
    image, double, add = np.full((1, 2, 2, 3), 20, np.uint8), Affine(2.0), Affine(offset=3.0)
    assert np.unique(Augmenter([double, add])(image)) == [43]
    assert np.unique(Augmenter([add, double])(image)) == [46]


def test_every_layer_and_every_call_gets_another_seed():
    layers = [Affine(), Affine(), Affine()]
    augmenter = Augmenter(layers, seed=1)
    for _ in range(5):
        augmenter(pictures(1))
    assert len({seed for layer in layers for seed in layer.seeds}) == 15


def test_the_layers_own_seeds_play_no_part():
    first, second = (
        Augmenter([RandomFlip(seed=seed), RandomGrayscale(0.5, seed=seed)], seed=9)
        for seed in (1, 2)
    )
    assert np.array_equal(first(pictures(32)), second(pictures(32)))


def test_two_layers_alike_draw_independently():
    # both invert half of the pictures: 00, 01, 10 and 11 a quarter each, so a half is inverted;
    # with one and the same draw the second would always undo the first
    augmenter = Augmenter([RandomSolarize(0, 0.5), RandomSolarize(0, 0.5)])
    result = augmenter.transform(tf.zeros((2000, 1, 1, 3), tf.uint8), SEED).numpy()
    # 4 standard deviations: 4 * sqrt(0.25 / 2000) = 0.045
    assert np.mean(result == 255) == pytest.approx(0.5, abs=0.045)


def test_the_first_views_come_before_the_second_views_in_the_pictures_order():
    # colours 0, 10, 20, ... tell the pictures apart, and no crop or flip changes them
    images = np.repeat(np.arange(0, 250, 10, dtype=np.uint8), 192).reshape(25, 8, 8, 3)
    augmenter = Augmenter([RandomResizedCrop(4), RandomFlip()], seed=0)
    views = augmenter.two_views(images)
    assert (views.shape, views.dtype) == ((50, 4, 4, 3), tf.float32)
    expected = np.tile(np.arange(0, 250, 10), 2)
    np.testing.assert_allclose(views, np.broadcast_to(expected[:, None, None, None], views.shape))


def test_the_two_views_of_a_picture_are_drawn_apart():
    augmenter = Augmenter([RandomResizedCrop(8), RandomColorJitter(probability=1)], seed=0)
    views = augmenter.two_views(np.repeat(pictures(1), 16, axis=0)).numpy()
    assert len(np.unique(views, axis=0)) == 32


def test_the_same_seed_gives_the_same_two_views_call_after_call():
    first, second = (
        Augmenter([RandomResizedCrop(8), RandomColorJitter()], seed=5) for _ in range(2)
    )
    views = [augmenter.two_views(pictures(4)) for augmenter in (first, second, first, second)]
    assert np.array_equal(views[0], views[1])
    assert np.array_equal(views[2], views[3])
    assert not np.array_equal(views[0], views[2])


def test_two_views_are_drawn_inside_a_training_step_and_a_data_pipeline():
    eager, traced, mapped = (
        Augmenter([RandomFlip(), RandomColorJitter(hue=0)], seed=5) for _ in range(3)
    )
    step = tf.function(traced.two_views)
    batches = tf.data.Dataset.from_tensors(pictures(4)).repeat(3).map(mapped.two_views)
    for batch in batches:
        expected = eager.two_views(pictures(4))
        np.testing.assert_allclose(batch, expected, atol=1e-3)
        np.testing.assert_allclose(step(pictures(4)), expected, atol=1e-3)


def test_views_are_random_whatever_the_training_flag_around_them():
    class Outer(keras.Model):
        def __init__(self, augmenter):
            super().__init__()
            self.augmenter = augmenter

        def call(self, images, training=None):
            return self.augmenter.two_views(images)

    images = pictures(4)
    views = Outer(Augmenter([RandomSolarize(0, 1.0)]))(images, training=False)
    assert np.array_equal(views, 255.0 - np.concatenate([images, images]))


def test_outside_training_only_the_size_is_changed():
    augmenter = Augmenter([RandomFlip(1.0), RandomResizedCrop(4), RandomSolarize(0, 1.0)])
    images = pictures(2)
    result = augmenter(images, training=False)
    # half the size: every new centre lies between four old ones
    expected = images.reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(result, expected, atol=1e-2)


def test_the_shape_of_a_resizing_augmenter_is_declared():
    model = keras.Sequential([keras.Input((8, 8, 3)), Augmenter([RandomResizedCrop(4)])])
    assert model.output_shape == (None, 4, 4, 3)
    assert model.predict(pictures(2), verbose=0).shape == (2, 4, 4, 3)


def test_deserialised_layers_keep_their_order_and_settings():
    augmenter = Augmenter([RandomSolarize(90, 0.7), RandomResizedCrop(6, scale=(0.3, 0.5))], seed=2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(augmenter))
    solarize, crop = copy.layers
    assert (solarize.threshold, solarize.probability) == (90, 0.7)
    assert (crop.size, crop.scale, copy.seed) == (6, (0.3, 0.5), 2)
