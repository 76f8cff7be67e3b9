import pytest

from simclr_tf.protocols import FineTuningSettings, LabelBudget, SweepBase
from simclr_tf.protocols.sweep_base import PictureSize


@pytest.fixture
def base():
    parts = [FineTuningSettings(margin=0.3), LabelBudget(labels_per_class=5), PictureSize()]
    return SweepBase("finetune", parts, {"data_dir": "pictures"})


def test_the_settings_of_all_parts_have_their_types(base):
    types = {name: base.types[name] for name in ("margin", "keep_head", "objective")}
    assert types == {"margin": float, "keep_head": bool, "objective": str}
    assert base.types["labels_per_class"] is base.types["image_size"] is int
    assert "data_dir" not in base.types


def test_the_config_is_the_base_with_the_changes_of_the_combination(base):
    plain = base.config()
    assert plain["data_dir"] == "pictures"
    assert (plain["margin"], plain["labels_per_class"], plain["image_size"]) == (0.3, 5, 32)
    changes = {"margin": 0.5, "labels_per_class": 1}
    assert base.config(changes) == {**plain, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"margin": -1.0}, "`margin` must be greater than 0. Received: margin=-1.0"),
        ({"image_size": 7}, "`image_size` must be at least 8. Received: image_size=7"),
        ({"resize_mode": "zoom"}, "`resize_mode` must be one of: "),
        ({"labels_per_class": 0}, "`labels_per_class` must be at least 1"),
        ({"batch_size": 4, "pictures_per_class": 3}, "must be at most half of `batch_size`"),
    ],
)
def test_what_the_settings_do_not_accept_is_refused(base, changes, message):
    with pytest.raises(ValueError, match=message):
        base.config(changes)
