import numpy as np

from simclr_tf.detection.candidates import strongest_rivals

BOXES = np.array(
    [[0, 0, 10, 10], [1, 0, 11, 10], [100, 0, 110, 10], [0, 0, 30, 30], [2, 2, 8, 8]], float
)


def test_the_best_other_class_at_the_same_place_is_a_rival():
    # Boxes 0 and 1 share 90 of 110 square pixels.
    same, _ = strongest_rivals(
        BOXES, np.array([0, 1, 1, 1, 1]), np.array([0.9, 0.7, 0.8, 0.5, 0.4])
    )
    np.testing.assert_allclose(same[:3], [0.7, 0.9, 0])


def test_a_box_of_the_same_class_is_no_rival():
    same, around = strongest_rivals(BOXES, np.zeros(5, int), np.ones(5))
    assert not same.any() and not around.any()


def test_a_larger_box_of_another_class_encloses():
    labels = np.array([0, 0, 0, 1, 2])
    _, around = strongest_rivals(BOXES, labels, np.array([0.3, 0.3, 0.3, 0.6, 0.2]))
    # The last lies in the first two , which are 100 against 36 square pixels, and in the fourth.
    np.testing.assert_allclose(around, [0.6, 0.6, 0, 0, 0.6], rtol=1e-6)


def test_no_candidates_have_no_rivals():
    same, around = strongest_rivals(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    assert same.shape == around.shape == (0,)
