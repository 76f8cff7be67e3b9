import pytest

from simclr_tf.runs import allowed_changes
from simclr_tf.runs.resuming import SAFE_TO_CHANGE

OLD = {
    "data_dir": "/mnt/a/pictures",
    "temperature": 0.1,
    "checkpoint_every_steps": 0,
    "pretrain": {"seed": 0, "keep_checkpoints": 2},
    "fingerprint": "f",
}


def test_the_same_config_has_no_changes():
    assert allowed_changes("run", OLD, dict(OLD)) == []


def test_the_safe_names_are_listed_in_full():
    assert SAFE_TO_CHANGE == (
        "checkpoint_every_steps",
        "checkpoint_every_minutes",
        "keep_checkpoints",
        "non_finite_loss",
        "tensorboard",
        "wandb_project",
    )


@pytest.mark.parametrize("name", SAFE_TO_CHANGE)
def test_what_is_safe_to_change_is_allowed_and_named(name):
    (change,) = allowed_changes("run", {"seed": 0, name: 1}, {"seed": 0, name: 5})
    assert change == f"`{name}` was 1 and is now 5"


def test_a_safe_flag_that_the_run_did_not_know_yet_is_allowed():
    (change,) = allowed_changes("run", {}, {"checkpoint_every_minutes": 0.0})
    assert change == "`checkpoint_every_minutes` was not set and is now 0.0"


def test_safe_names_are_known_in_nested_configs_too():
    new = {**OLD, "pretrain": {"seed": 0, "keep_checkpoints": 5}}
    assert allowed_changes("run", OLD, new) == ["`pretrain.keep_checkpoints` was 2 and is now 5"]


def test_a_moved_folder_of_pictures_is_allowed_under_its_own_name_only():
    moved = {**OLD, "data_dir": "/mnt/b/pictures/"}
    (change,) = allowed_changes("run", OLD, moved)
    assert "`data_dir` was '/mnt/a/pictures'" in change
    # The name "symbols" decides the augmentation.
    with pytest.raises(ValueError, match="differences: `data_dir` was"):
        allowed_changes("run", OLD, {**OLD, "data_dir": "/mnt/a/symbols"})
    with pytest.raises(ValueError, match="differences: `data_dir` was .* and is now None"):
        allowed_changes("run", OLD, {**OLD, "data_dir": None})


def test_every_other_difference_is_refused_and_named():
    new = {
        **OLD,
        "temperature": 0.5,
        "pretrain": {"seed": 3, "keep_checkpoints": 9},
        "fingerprint": "g",
    }
    with pytest.raises(ValueError) as refused:
        allowed_changes("runs/mine/version_0", OLD, new)
    text = str(refused.value)
    assert text.startswith("`resume` continues runs/mine/version_0 with the flags and pictures")
    assert text.endswith(
        "differences: `fingerprint` was 'f' and is now 'g'; `pretrain.seed` was 0 and is now 3; "
        "`temperature` was 0.1 and is now 0.5"
    )
