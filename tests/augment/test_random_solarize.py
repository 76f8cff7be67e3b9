import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import RandomSolarize


def every_value():
    return np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=-1)


@pytest.mark.parametrize("threshold", [0, 1, 128, 255])
def test_values_from_the_threshold_on_are_inverted(threshold):
    expected = [255 - x if x >= threshold else x for x in range(256)]
    result = RandomSolarize(threshold, probability=1)(every_value())
    assert result[0, :, :, 0].numpy().ravel().tolist() == expected


def test_a_value_between_two_whole_numbers_is_compared_as_it_is():
    # 127.6 is below 128, 128.4 above: 255 - 128.4 = 126.6
    image = tf.constant([[[[127.6, 128.4, 0.0]]]])
    result = RandomSolarize(128, probability=1)(image)
    np.testing.assert_allclose(result[0, 0, 0], [127.6, 126.6, 0.0], rtol=1e-6)


def test_the_share_of_changed_pictures_is_the_probability():
    images = np.full((4000, 1, 1, 3), 200, np.uint8)
    layer = RandomSolarize(128, probability=0.2)
    result = layer.transform(tf.constant(images), tf.constant([1, 2])).numpy()
    assert set(result.ravel()) == {200.0, 55.0}
    # 4 standard deviations: 4 * sqrt(0.2 * 0.8 / 4000) = 0.025
    assert np.mean(result == 55) == pytest.approx(0.2, abs=0.025)
