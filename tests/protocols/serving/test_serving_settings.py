import pytest

from simclr_tf.protocols import ServingSettings


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("max_batch", 0, "at least 1"),
        ("max_wait_ms", -1, "between 0 and 1000"),
        ("max_wait_ms", float("nan"), "between 0 and 1000"),
        ("max_queue", 0, "at least 1"),
        ("max_seconds", 0, "between 0.001 and 3600"),
        ("max_seconds", float("inf"), "between 0.001 and 3600"),
        ("max_neighbours", 0, "at least 1"),
        ("decode_threads", 0, "at least 1"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused(name, value, accepted):
    with pytest.raises(ValueError, match=f"`{name}` must be {accepted}"):
        ServingSettings(**{name: value})
