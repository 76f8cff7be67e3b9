import numpy as np
import pytest

from simclr_tf.encoders.frozen.picture_preparation import fit_pictures, scale_pictures


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("none", [0, 51, 255]),
        ("zero_to_one", [0, 0.2, 1]),  # 51 / 255
        ("minus_one_to_one", [-1, -0.6, 1]),  # 0.2 * 2 - 1
        ("facenet", [-127.5 / 128, -76.5 / 128, 127.5 / 128]),
        # (x / 255 - mean) / std of red, green and blue.
        ("imagenet", [-0.485 / 0.229, (0.2 - 0.456) / 0.224, (1 - 0.406) / 0.225]),
        # Blue, green, red, less the mean of each.
        ("caffe", [255 - 103.939, 51 - 116.779, 0 - 123.68]),
    ],
)
def test_a_pixel_is_scaled_as_the_name_says(scaling, expected):
    pixel = np.array([0, 51, 255], np.float32).reshape(1, 1, 1, 3)
    scaled = np.asarray(scale_pictures(pixel, scaling)).ravel()
    np.testing.assert_allclose(scaled, expected, rtol=1e-5)


def rows_and_columns(size):
    """A picture whose red is the column and whose green is the row."""
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    return np.stack([column, row, 0 * row], axis=-1)[None].astype(np.float32)


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
def test_a_picture_that_fits_stays_as_it_is(mode):
    pictures = rows_and_columns(6)
    assert np.array_equal(fit_pictures(pictures, 6, 6, mode), pictures)


def test_crop_takes_the_middle_of_the_same_proportions():
    fitted = np.asarray(fit_pictures(rows_and_columns(6), 6, 4, "crop"))
    # One column less on either side; nothing is resized.
    assert fitted[0, :, :, 0].tolist() == [[1, 2, 3, 4]] * 6
    assert fitted[0, :, 0, 1].tolist() == [0, 1, 2, 3, 4, 5]


def test_crop_of_a_larger_picture_keeps_the_proportions():
    fitted = np.asarray(fit_pictures(rows_and_columns(12), 6, 4, "crop"))
    # Columns 2 to 9, two by two: the mean of 2 and 3 is 2.5. Inside, antialiasing is symmetric.
    np.testing.assert_allclose(fitted[0, 2, 1:3, 0], [4.5, 6.5], atol=1e-5)
    assert fitted.shape == (1, 6, 4, 3)


def test_pad_keeps_the_whole_square_between_white():
    fitted = np.asarray(fit_pictures(rows_and_columns(4), 6, 4, "pad"))
    assert np.all(fitted[0, [0, 5]] == 255)
    assert np.array_equal(fitted[:, 1:5], rows_and_columns(4))


def test_stretch_takes_all_of_the_square():
    fitted = np.asarray(fit_pictures(rows_and_columns(8), 8, 4, "stretch"))
    assert fitted.shape == (1, 8, 4, 3)
    np.testing.assert_allclose(fitted[0, :, 1, 1], np.arange(8), atol=1e-4)
    np.testing.assert_allclose(fitted[0, 3, 1:3, 0], [2.5, 4.5], atol=1e-4)
