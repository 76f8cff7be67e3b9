import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from simclr_tf.metrics import accept_threshold, accepted_share, area_under_roc

COSINES = st.lists(st.integers(-10, 10).map(lambda n: n / 10), min_size=4, max_size=60)


def test_the_threshold_lies_just_above_what_must_be_refused():
    # One of four may pass: 0.3 is the highest that must not.
    threshold = accept_threshold(np.array([0.2, 0.9, 0.1, 0.3]), 0.25)
    assert np.float32(0.3) < threshold < 0.3001


def test_ties_are_refused_rather_than_accepted_too_often():
    # 0.9 thrice: accepting one would accept all three.
    different = np.array([0.9, 0.9, 0.9, 0.1])
    assert accepted_share(different, accept_threshold(different, 0.25)) == 0


@settings(deadline=None)
@given(COSINES, st.sampled_from([0.25, 0.3, 0.5, 0.9]))
def test_it_is_the_lowest_that_keeps_the_rate(cosines, rate):
    different = np.array(cosines, np.float32)
    threshold = accept_threshold(different, rate)
    assert np.mean(different >= np.float32(threshold)) <= rate
    # The next lower candidate is a cosine itself, and accepts too many.
    below = different[different < np.float32(threshold)].max()
    assert np.mean(different >= below) > rate


def test_a_rate_of_one_in_a_hundred_needs_a_hundred_pairs():
    different = np.linspace(0, 1, 100)
    assert accepted_share(different, accept_threshold(different, 0.01)) == 0.01
    with pytest.raises(ValueError, match="`different` must hold at least 1 / `false_accept_rate`"):
        accept_threshold(different[:99], 0.01)


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ValueError, match="`false_accept_rate` must be between 0.0 and 1.0"):
        accept_threshold(np.ones(10), rate)


def test_the_area_of_the_example():
    # 0.5 ties with 0.5 (1/2) and beats 0.1; 0.9 beats both: 3.5 / 4.
    assert area_under_roc(np.array([0.5, 0.9]), np.array([0.5, 0.1])) == 0.875


@settings(deadline=None)
@given(COSINES, COSINES)
def test_the_area_is_that_of_scikit_learn(same, different):
    truth = [1] * len(same) + [0] * len(different)
    expected = roc_auc_score(truth, same + different)
    assert area_under_roc(np.array(same), np.array(different)) == pytest.approx(expected)


def test_no_pairs_are_refused():
    with pytest.raises(ValueError, match=r"`len\(same\)` must be at least 1"):
        area_under_roc(np.array([]), np.array([0.1]))
