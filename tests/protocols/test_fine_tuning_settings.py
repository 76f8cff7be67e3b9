import dataclasses

import pytest

from simclr_tf.losses.distances import DISTANCES
from simclr_tf.losses.triplet import MINING
from simclr_tf.protocols import fine_tuning_settings
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings


def test_the_names_of_the_triplets_are_those_of_the_loss():
    # Written twice, so that a script's help needs no TensorFlow.
    assert fine_tuning_settings.MINING == MINING
    assert fine_tuning_settings.DISTANCES == DISTANCES


def test_defaults_are_accepted():
    FineTuningSettings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("encoder", "vgg", "must be one of: resnet10"),
        ("width", 0.0, "must be greater than 0"),
        ("stem", "big", "must be one of: auto, cifar, strided, imagenet"),
        ("mixed_precision", "half", "must be one of: none, bfloat16, float16"),
        ("objective", "softmax", "must be one of: supcon, supcon.cross_entropy, triplet"),
        ("unfreeze", "some", "must be one of: head, last_stage, all"),
        ("unfreeze", "head,all", "must be one of: head, last_stage, all, or several of them"),
        ("unfreeze", "head:10,all", "must leave at least one of the 10 epochs for its last stage"),
        ("from_head_layer", -1, "must be at least 0"),
        ("from_head_layer", 1, "needs an `encoder_dir` with the projection head"),
        ("layer_decay", 0.0, "must be greater than 0"),
        ("layer_decay", 1.1, "must be between 0 and 1"),
        ("label_mixer", "cut_out", "must be one of: none, mix_up, cut_mix"),
        ("label_mixer", "mix_up", "is for the objective cross_entropy"),
        ("label_mixer_alpha", -1.0, "must be at least 0"),
        ("random_erasing", 1.5, "must be between 0 and 1"),
        ("patience", -1, "must be at least 0"),
        ("weight_averaging", 1.5, "must be between 0 and 1"),
        ("start_weight", -0.1, "must be between 0 and 1"),
        ("head_depth", -1, "must be at least 0"),
        ("head_width", -1, "must be at least 0"),
        ("head_size", 0, "must be at least 1"),
        ("temperature", 0.0, "must be greater than 0"),
        ("margin", 0.0, "must be greater than 0"),
        ("margin", -0.2, "must be greater than 0"),
        ("mining", "easy", "must be one of: all, hard, semi_hard, random"),
        ("distance", "city", "must be one of: squared_euclidean, euclidean, cosine"),
        ("cross_entropy_weight", 0.0, "must be greater than 0"),
        ("label_smoothing", 1.5, "must be between 0 and 1"),
        ("augment", "flip", "must be one of: auto, none, simclr-cifar"),
        ("batch_size", 1, "must be at least 2"),
        ("microbatch_size", -1, "must be at least 0"),
        ("pictures_per_class", -1, "must be at least 0"),
        ("pictures_per_class", 40, "must be at most half of `batch_size` .64., for two classes"),
        ("epochs", 0, "must be at least 1"),
        ("steps_per_epoch", -1, "must be at least 0"),
        ("max_minutes", -1.0, "must be between 0 and"),
        ("optimizer", "x", "must be one of: sgd, adam"),
        ("learning_rate", 0.0, "must be greater than 0"),
        ("warmup_fraction", 1.1, "must be between 0 and 1"),
        ("weight_decay", -1.0, "must be at least 0"),
        ("clip_norm", -1.0, "must be at least 0"),
        ("seed", -1, "must be at least 0"),
        ("checkpoint_every_steps", -1, "must be at least 0"),
    ],
)
def test_a_value_that_is_not_accepted_is_named(name, value, message):
    with pytest.raises(ValueError, match=f"`{name}` {message}.*Received: .*{name}="):
        FineTuningSettings(**{name: value})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder_dir": "a", "weights": "b"}, "Only one of `encoder_dir` and `weights`"),
        ({"unfreeze": "head"}, "`unfreeze` may be head alone only with `keep_head`"),
        ({"unfreeze": "head:1,all", "head_depth": 0}, "`head_depth` must be at least 1"),
        ({"keep_head": True, "head_depth": 0}, "`keep_head` needs a head between"),
        ({"keep_head": True, "objective": "cross_entropy"}, "`keep_head` needs a head between"),
        ({"keep_head": True, "start_weight": 0.5}, "`start_weight` must be 0 with `keep_head`"),
        (
            {"objective": "cross_entropy", "microbatch_size": 8},
            "`microbatch_size` is for supcon and triplet",
        ),
        (
            {"objective": "triplet", "pictures_per_class": 1},
            "`pictures_per_class` must be at least 2 for triplets",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        FineTuningSettings(**arguments)


def test_a_schedule_may_begin_with_the_head_where_more_follows():
    FineTuningSettings(unfreeze="head:2,last_stage:3,all")
    FineTuningSettings(unfreeze="head:2,all", objective="cross_entropy", head_depth=0)


def test_a_time_limit_leaves_the_epochs_of_a_schedule_for_later():
    FineTuningSettings(unfreeze="head:10,all", epochs=10, max_minutes=1.0)


@pytest.mark.parametrize(
    ("objective", "weight", "over_classes"),
    [
        ("supcon", 0.0, True),
        ("supcon+cross_entropy", 0.5, True),
        ("triplet", 0.0, True),
        ("triplet+cross_entropy", 0.5, True),
        ("cross_entropy", 0.0, False),
    ],
)
def test_the_weight_belongs_to_the_joint_objectives(objective, weight, over_classes):
    settings = FineTuningSettings(objective=objective, cross_entropy_weight=0.5)
    assert (settings.joint_weight, settings.over_classes) == (weight, over_classes)


def test_an_epoch_is_the_labels_once_and_not_too_short():
    settings = FineTuningSettings()
    # 6,400 labels in batches of 64: 100 steps. 10 labels in batches of 10: 1,600 / 10.
    assert settings.epoch_steps(6400, 64) == 100
    assert settings.epoch_steps(10, 10) == 160
    assert dataclasses.replace(settings, steps_per_epoch=7).epoch_steps(6400, 64) == 7
