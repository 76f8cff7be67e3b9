import re

import pytest

from simclr_tf.checks import (
    check_at_least,
    check_between,
    check_one_of,
    check_positive,
    check_range,
)


@pytest.mark.parametrize("value", [0, -0.5, float("nan")])
def test_check_positive_names_the_argument_and_what_was_received(value):
    message = f"`temperature` must be greater than 0. Received: temperature={value!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_positive("temperature", value)


def test_check_positive_accepts_the_smallest_positive_number():
    check_positive("temperature", 5e-324)


@pytest.mark.parametrize("value", [1, float("nan")])
def test_check_at_least_refuses_what_is_smaller(value):
    message = f"`batch_size` must be at least 2. Received: batch_size={value!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_at_least("batch_size", value, 2)


def test_check_at_least_accepts_the_minimum():
    check_at_least("batch_size", 2, 2)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_check_between_refuses_what_is_outside(value):
    message = f"`momentum` must be between 0 and 1. Received: momentum={value!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_between("momentum", value, 0, 1)


@pytest.mark.parametrize("value", [0, 1])
def test_check_between_accepts_both_ends(value):
    check_between("momentum", value, 0, 1)


@pytest.mark.parametrize("value", [(0.5,), (0.5, 0.2), (-1, 1), (0, 2), (0, 0.5, 1)])
def test_check_range_refuses_what_is_no_interval_within_the_limits(value):
    message = (
        "`scale` must be two numbers (start, end) with 0 <= start <= end <= 1. "
        f"Received: scale={value!r}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_range("scale", value, 0, 1)


def test_check_range_returns_a_pair_of_floats():
    assert check_range("scale", [0, 1], 0, 1) == (0.0, 1.0)


def test_check_one_of_lists_the_accepted_values():
    message = "`optimizer` must be one of: sgd, lars. Received: optimizer='sdg'"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_one_of("optimizer", "sdg", ("sgd", "lars"))


def test_check_one_of_accepts_a_listed_value():
    check_one_of("optimizer", "lars", iter(("sgd", "lars")))
