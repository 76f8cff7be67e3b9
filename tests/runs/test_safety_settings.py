import pytest

from simclr_tf.runs import SafetySettings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"checkpoint_every_minutes": -1}, "`checkpoint_every_minutes` must be between 0 and"),
        ({"keep_checkpoints": 0}, "`keep_checkpoints` must be at least 1"),
        ({"non_finite_loss": "ignore"}, "`non_finite_loss` must be one of: stop, skip"),
    ],
)
def test_settings_that_are_not_accepted_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SafetySettings(**arguments)
