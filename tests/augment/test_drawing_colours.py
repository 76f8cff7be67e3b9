import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from simclr_tf.augment.drawing_colours import contrast, ink_colours, paper_colours


def blank(height=9, width=11, colour=(240, 230, 200)):
    return np.full((1, height, width, 3), colour, np.float32)


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 3), st.integers(2, 9), st.integers(2, 9), st.just(3))
    )
)
def test_paper_is_the_median_of_the_border(images):
    images = images.astype(np.float32)
    inside = np.zeros(images.shape[1:3], bool)
    inside[1:-1, 1:-1] = True
    np.testing.assert_allclose(paper_colours(images), np.median(images[:, ~inside], axis=1))


def test_lines_that_run_over_the_border_do_not_change_the_paper():
    images = blank()
    images[0, :, 5] = images[0, 3, :] = 10
    np.testing.assert_array_equal(paper_colours(images), [[240, 230, 200]])


def test_ink_is_the_mean_weighted_by_the_squared_contrast():
    images = blank(colour=(200, 200, 200))
    images[0, 4, 4], images[0, 5, 5] = 0, 150
    paper = paper_colours(images)
    # Contrasts 200 and 50: (200² · 0 + 50² · 150) / (200² + 50²) = 8.82
    expected = 50**2 * 150 / (200**2 + 50**2)
    np.testing.assert_allclose(ink_colours(images, paper), [[expected] * 3], rtol=1e-5)


def test_the_ink_of_a_blank_picture_is_its_paper():
    np.testing.assert_array_equal(ink_colours(blank(), paper_colours(blank())), [[240, 230, 200]])


def test_contrast_is_the_mean_difference_of_the_channels():
    images = blank()
    images[0, 2, 3] = 230, 230, 260
    found = contrast(images, paper_colours(images)).numpy()[0, :, :, 0]
    # (10 + 0 + 60) / 3
    assert found[2, 3] == pytest.approx(70 / 3)
    assert np.count_nonzero(found) == 1
