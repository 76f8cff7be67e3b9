import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.schedules import WarmupCosine, scale_learning_rate


def loop_of_warm_up_and_cosine(peak, warmup_steps, total_steps, final, step):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return final
    angle = math.pi * (step - warmup_steps) / (total_steps - warmup_steps)
    return final + (peak - final) * (1 + math.cos(angle)) / 2


@settings(max_examples=25, deadline=None)
@given(
    peak=st.floats(0.001, 10),
    warmup_steps=st.integers(0, 50),
    cosine_steps=st.integers(1, 50),
    final_fraction=st.floats(0, 1),
    step=st.integers(0, 120),
)
def test_every_step_equals_the_formula(peak, warmup_steps, cosine_steps, final_fraction, step):
    final = peak * final_fraction
    total_steps = warmup_steps + cosine_steps
    schedule = WarmupCosine(peak, warmup_steps, total_steps, final)
    expected = loop_of_warm_up_and_cosine(peak, warmup_steps, total_steps, final, step)
    np.testing.assert_allclose(float(schedule(step)), expected, rtol=1e-5, atol=1e-6 * peak)


def test_the_first_step_of_the_warm_up_already_learns():
    # 0.8 * (0 + 1) / 4 = 0.2
    assert float(WarmupCosine(0.8, 4, 10)(0)) == pytest.approx(0.2)


def test_without_warm_up_the_first_step_is_the_peak():
    assert float(WarmupCosine(0.8, 0, 10)(0)) == pytest.approx(0.8)


def test_halfway_through_the_cosine_is_the_mean_of_peak_and_final():
    # warm-up 0..3, cosine 4..12, middle 8: (0.8 + 0.2) / 2 = 0.5
    assert float(WarmupCosine(0.8, 4, 12, final=0.2)(8)) == pytest.approx(0.5)


@pytest.mark.parametrize("step", [12, 13, 10_000])
@pytest.mark.parametrize("final", [0.0, 0.25])
def test_final_is_reached_exactly_at_total_steps_and_kept(step, final):
    assert float(WarmupCosine(1.0, 4, 12, final)(step)) == final


def test_an_optimizer_follows_the_schedule_step_by_step():
    variable = keras.Variable([0.0])
    optimizer = keras.optimizers.SGD(WarmupCosine(0.4, 2, 4))
    seen = []
    for _ in range(5):
        before = float(variable[0])
        optimizer.apply([np.ones(1, "float32")], [variable])
        seen.append(before - float(variable[0]))
    # 0.4/2, 0.4, cosine over 2 steps: 0.4, 0.2, 0
    np.testing.assert_allclose(seen, [0.2, 0.4, 0.4, 0.2, 0.0], atol=1e-6)


def test_config_keeps_every_argument():
    arguments = {"peak": 0.7, "warmup_steps": 3, "total_steps": 9, "final": 0.1}
    assert WarmupCosine(**arguments).get_config() == arguments


def test_schedule_survives_serialisation():
    schedule = WarmupCosine(0.7, 3, 9, 0.1)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert isinstance(copy, WarmupCosine)
    assert copy.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"peak": 0.0}, "`peak` must be greater than 0. Received: peak=0.0"),
        ({"total_steps": 0}, "`total_steps` must be at least 1. Received: total_steps=0"),
        ({"warmup_steps": 10}, "`warmup_steps` must be between 0 and 9. Received: warmup_steps=10"),
        ({"warmup_steps": -1}, "`warmup_steps` must be between 0 and 9. Received: warmup_steps=-1"),
        ({"final": 2.0}, "`final` must be between 0 and 1.0. Received: final=2.0"),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        WarmupCosine(**{"peak": 1.0, "warmup_steps": 2, "total_steps": 10, **arguments})


def test_the_linear_rule_multiplies_by_the_batch_over_the_reference():
    # 0.3 * 512 / 256 = 0.6
    assert scale_learning_rate(0.3, 512, "linear") == pytest.approx(0.6)


def test_the_linear_rule_takes_another_reference_batch():
    # 0.3 * 512 / 128 = 1.2
    assert scale_learning_rate(0.3, 512, "linear", 128) == pytest.approx(1.2)


def test_the_square_root_rule_multiplies_by_the_root_of_the_batch():
    # 0.075 * sqrt(1024) = 0.075 * 32 = 2.4
    assert scale_learning_rate(0.075, 1024, "sqrt") == pytest.approx(2.4)


def test_both_rules_of_the_paper_agree_at_its_batch_of_4096():
    # 0.3 * 4096 / 256 = 4.8 = 0.075 * 64
    linear = scale_learning_rate(0.3, 4096, "linear")
    assert linear == pytest.approx(scale_learning_rate(0.075, 4096, "sqrt")) == pytest.approx(4.8)


def test_the_rule_none_changes_nothing():
    assert scale_learning_rate(0.3, 4096, "none") == 0.3


def test_an_unknown_rule_lists_the_accepted_ones():
    with pytest.raises(ValueError, match="`rule` must be one of: linear, sqrt, none. Received"):
        scale_learning_rate(0.3, 256, "quadratic")


@pytest.mark.parametrize("name", ["learning_rate", "batch_size", "reference_batch_size"])
def test_numbers_that_are_not_positive_are_refused(name):
    arguments = {"learning_rate": 0.3, "batch_size": 256, "reference_batch_size": 256, name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}=0"):
        scale_learning_rate(**arguments)
