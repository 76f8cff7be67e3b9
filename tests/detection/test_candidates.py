import numpy as np

from simclr_tf.detection.candidates import strongest_enclosing, strongest_rivals

BOXES = np.array(
    [[0, 0, 10, 10], [1, 0, 11, 10], [100, 0, 110, 10], [0, 0, 30, 30], [2, 2, 8, 8]], float
)


def test_the_best_other_class_at_the_same_place_is_a_rival():
    # Boxes 0 and 1 share 90 of 110 square pixels.
    labels = np.array([0, 1, 1, 1, 1])
    same = strongest_rivals(BOXES, labels, np.array([0.9, 0.7, 0.8, 0.5, 0.4]))
    np.testing.assert_allclose(same[:3], [0.7, 0.9, 0])


def test_a_box_of_the_same_class_is_no_rival():
    for strongest in (strongest_rivals, strongest_enclosing):
        assert not strongest(BOXES, np.zeros(5, int), np.ones(5)).any()


def test_a_larger_box_of_another_class_encloses():
    labels = np.array([0, 0, 0, 1, 2])
    around = strongest_enclosing(BOXES, labels, np.array([0.3, 0.3, 0.3, 0.6, 0.2]))
    # The last lies in the first two , which are 100 against 36 square pixels, and in the fourth.
    np.testing.assert_allclose(around, [0.6, 0.6, 0, 0, 0.6], rtol=1e-6)


def test_a_mark_beside_a_sign_makes_a_box_that_encloses():
    # 10 x 13 pixels are 1.3 times 10 x 10; 10 x 12 would be less than 1.25 times.
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 13], [0, 0, 10, 12]], float)
    around = strongest_enclosing(boxes, np.array([0, 1, 2]), np.array([0.9, 0.8, 0.85]))
    np.testing.assert_allclose(around, [0.8, 0, 0], rtol=1e-6)


def test_no_candidates_have_no_rivals():
    for strongest in (strongest_rivals, strongest_enclosing):
        assert strongest(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0)).shape == (0,)
