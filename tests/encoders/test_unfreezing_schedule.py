import re

import pytest

from simclr_tf.encoders import UnfreezingStage, unfreezing_stages


@pytest.mark.parametrize("name", ["head", "last_stage", "all"])
def test_one_name_is_for_all_epochs(name):
    assert unfreezing_stages(name, 7) == (UnfreezingStage(name, 7),)


def test_the_last_stage_has_the_epochs_that_the_others_leave():
    # 10 - 2 - 3 = 5
    expected = (("head", 2), ("last_stage", 3), ("all", 5))
    stages = unfreezing_stages("head:2,last_stage:3,all", 10)
    assert tuple((stage.unfreeze, stage.epochs) for stage in stages) == expected


def test_stages_may_be_left_out_and_spaces_put_in():
    assert unfreezing_stages("head:1, all", 2) == unfreezing_stages("head:1,all", 2)


def test_unknown_epochs_give_the_last_stage_one():
    assert [stage.epochs for stage in unfreezing_stages("head:4,all")] == [4, 1]


@pytest.mark.parametrize(
    "schedule",
    [
        "some",
        "",
        "head:2",
        "head,all",
        "head:0,all",
        "head:-1,all",
        "head:x,all",
        "head:1.5,all",
        "all:2,head",
        "head:1,head",
        "head:1,all:3",
        "head:1,,all",
        "head:1:2,all",
    ],
)
def test_a_schedule_of_another_form_is_refused(schedule):
    message = (
        "`unfreeze` must be one of: head, last_stage, all, or several of them in this order with "
        "the epochs of all but the last, as head:2,last_stage:3,all. "
        f"Received: unfreeze={schedule!r}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        unfreezing_stages(schedule, 10)


def test_a_schedule_longer_than_the_training_is_refused():
    message = "`unfreeze` must leave at least one of the 3 epochs for its last stage. Received: "
    with pytest.raises(ValueError, match=re.escape(message + "unfreeze='head:3,all'")):
        unfreezing_stages("head:3,all", 3)
