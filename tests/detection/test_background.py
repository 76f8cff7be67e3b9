"""How much classes that raise false alarms are lowered."""

import numpy as np
import pytest

from simclr_tf.detection.background import alarm_penalties


def penalties(labels, logits, accepted):
    return alarm_penalties(np.array(labels, int), np.array(logits, float), accepted, 3)


def test_classes_without_alarms_keep_their_scores():
    assert penalties([], [], 0).tolist() == [0, 0, 0]


def test_every_alarm_ends_where_none_is_accepted():
    by = penalties([2, 0, 2], [1.5, 0.5, 4.0], 0)
    np.testing.assert_allclose(by, [0.5, 0, 4.0], atol=1e-5)
    assert by[0] > 0.5 and by[2] > 4.0


def test_the_alarms_of_classes_that_raise_fewest_are_accepted_first():
    # Class 1 raises one, which is accepted; class 0 raises two.
    by = penalties([0, 1, 0], [1.0, 9.0, 2.0], 1)
    assert by[1] == 0 and by[0] > 2.0


def test_a_class_is_lowered_no_more_than_the_accepted_alarms_demand():
    # Of 9, 0.2 and 0.1 the first is accepted: 0.2 is the highest that must go.
    np.testing.assert_allclose(penalties([0, 0, 0], [0.1, 9.0, 0.2], 1), [0.2, 0, 0], atol=1e-5)


@pytest.mark.parametrize("accepted", [3, 10])
def test_where_all_alarms_are_accepted_nothing_is_lowered(accepted):
    assert not penalties([0, 0, 1], [1.0, 2.0, 3.0], accepted).any()
