import dataclasses
import math

import numpy as np
import pytest

from simclr_tf import schedules
from simclr_tf.augment.recipes import RECIPES
from simclr_tf.encoders import applications, inception_resnet_v1, resnet, squeezenet
from simclr_tf.encoders import build as encoders
from simclr_tf.optimizers import build
from simclr_tf.protocols import settings, view_defaults
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import ComparisonSettings, PretrainSettings, SupervisedSettings

# === The names that are written twice, so that a script's help needs no TensorFlow ===


def test_the_encoders_are_those_of_the_registry():
    assert settings.ENCODERS == encoders.ENCODERS
    assert settings.RESNETS == tuple(resnet.RESNETS)
    with_width = set(applications.APPLICATIONS) - set(settings.WITHOUT_WIDTH)
    assert with_width == set(applications.WITH_WIDTH)


def test_the_stems_are_those_of_the_registry():
    assert settings.STEMS == ("auto", *resnet.STEMS)


def test_the_normalizations_are_those_of_the_registry():
    assert settings.NORMALIZATIONS == tuple(resnet.NORMALIZATIONS)


def test_views_may_be_as_small_as_pictures():
    assert view_defaults.SMALLEST_VIEW == squeezenet.SMALLEST_PICTURE
    assert view_defaults.SMALLEST_VIEW == applications.SMALLEST_PICTURE
    facenet = {"inception_resnet_v1": inception_resnet_v1.SMALLEST_PICTURE}
    assert view_defaults.SMALLEST_VIEWS == dict.fromkeys(resnet.RESNETS, 8) | facenet


def test_the_recipes_are_those_of_the_registry():
    names = settings.PRETRAIN_RECIPES + settings.SUPERVISED_RECIPES
    assert sorted(names) == sorted(RECIPES)


def test_the_optimizers_are_those_of_the_registry():
    assert settings.OPTIMIZERS == build.OPTIMIZERS


def test_the_scaling_rules_are_those_of_the_registry():
    assert settings.SCALING_RULES == schedules.SCALING_RULES


def test_the_precisions_are_those_of_the_registry():
    assert set(settings.PRECISIONS) == set(encoders.DTYPE_POLICIES)


# === Checks ===


@pytest.mark.parametrize("made", [PretrainSettings, SupervisedSettings, LabelBudget])
def test_defaults_are_accepted(made):
    made()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("encoder", "vgg", "must be one of: resnet10, resnet18, resnet34, resnet50"),
        ("width", 0.0, "must be greater than 0"),
        ("stem", "big", "must be one of: auto, cifar, strided, imagenet"),
        ("normalization", "layer", "must be one of: batch, group"),
        ("mixed_precision", "float32", "must be one of: none, bfloat16, float16"),
        ("projection_depth", 0, "must be at least 1"),
        ("projection_width", -1, "must be at least 0"),
        ("projection_size", 0, "must be at least 1"),
        ("augment", "simclr", "must be one of: auto, simclr-cifar, simclr-imagenet"),
        ("view_size", -1, "must be at least 8"),
        ("view_size", 7, "must be at least 8"),
        ("temperature", 0.0, "must be greater than 0"),
        ("temperature", -0.5, "must be greater than 0"),
        ("temperature", math.nan, "must be greater than 0"),
        ("batch_size", 1, "must be at least 2"),
        ("microbatch_size", -1, "must be at least 0"),
        ("microbatch_size", 100, r"must divide `batch_size` \(128\)"),
        ("epochs", -1, "must be at least 0"),
        ("steps_per_epoch", -1, "must be at least 0"),
        ("max_minutes", -1.0, "must be between 0 and 525600"),
        ("max_minutes", math.inf, "must be between 0 and 525600"),
        ("optimizer", "sgdw", "must be one of: sgd, adam, adamw, lars, lamb"),
        ("learning_rate", 0.0, "must be greater than 0"),
        ("learning_rate_scaling", "cubic", "must be one of: linear, sqrt, none"),
        ("warmup_fraction", 1.5, "must be between 0 and 1"),
        ("weight_decay", -1e-4, "must be at least 0"),
        ("momentum", 1.1, "must be between 0 and 1"),
        ("clip_norm", -1.0, "must be at least 0"),
        ("seed", -1, "must be at least 0"),
        ("checkpoint_every_steps", -1, "must be at least 0"),
    ],
)
def test_a_pretraining_setting_out_of_range_is_refused(name, value, message):
    with pytest.raises(ValueError, match=f"^`{name}` {message}.*Received: {name}="):
        PretrainSettings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("augment", "flip", "must be one of: auto, crop-flip, trivial-wide, rand-augment, symbols"),
        ("batch_size", 1, "must be at least 2"),
        ("pictures", 0, "must be at least 1"),
        ("minimum_epochs", 0, "must be at least 1"),
        ("optimizer", "rmsprop", "must be one of: sgd, adam, adamw, lars, lamb"),
        ("learning_rate", -1.0, "must be greater than 0"),
        ("warmup_fraction", -0.1, "must be between 0 and 1"),
        ("weight_decay", -1.0, "must be at least 0"),
        ("label_smoothing", 1.1, "must be between 0 and 1"),
        ("seed", -1, "must be at least 0"),
    ],
)
def test_a_supervised_setting_out_of_range_is_refused(name, value, message):
    with pytest.raises(ValueError, match=f"^`{name}` {message}.*Received: {name}="):
        SupervisedSettings(**{name: value})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels_per_class": 0}, "`labels_per_class` must be at least 1"),
        ({"label_fraction": 0.0}, "`label_fraction` must be greater than 0"),
        ({"label_fraction": 1.5}, "`label_fraction` must be between 0 and 1"),
        (
            {"labels_per_class": 1, "label_fraction": 0.5},
            "Only one of `labels_per_class` and `label_fraction`",
        ),
    ],
)
def test_a_label_budget_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelBudget(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": ()}, "`seeds` must be at least 1"),
        ({"seeds": (0, 1, 0)}, r"`seeds` must differ.*Received: seeds=\(0, 1, 0\)"),
        ({"curve": (5, 0)}, "`curve_labels_per_class` must be at least 1"),
    ],
)
def test_a_comparison_setting_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ComparisonSettings(
            PretrainSettings(),
            SupervisedSettings(),
            SupervisedSettings(),
            LabelBudget(),
            **arguments,
        )


@pytest.mark.parametrize("made", [PretrainSettings, SupervisedSettings, LabelBudget])
def test_settings_cannot_be_changed_unchecked(made):
    field = dataclasses.fields(made)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made(), field, None)


# === The recipe that auto takes ===


@pytest.mark.parametrize(
    ("data_name", "image_size", "recipe"),
    [
        ("symbols", 32, "simclr-symbols"),
        ("scenes", 32, "simclr-cifar"),
        ("scenes", 64, "simclr-cifar"),
        ("scenes", 65, "simclr-imagenet"),
        ("scenes", 224, "simclr-imagenet"),
    ],
)
def test_auto_takes_the_views_by_data_set_and_picture_size(data_name, image_size, recipe):
    assert PretrainSettings(augment="auto").recipe(data_name, image_size) == recipe
    assert SupervisedSettings(augment="auto").recipe(data_name, image_size) == recipe


def test_a_named_recipe_is_taken_for_any_pictures():
    assert PretrainSettings(augment="simclr-strong").recipe("symbols", 32) == "simclr-strong"
    assert SupervisedSettings(augment="crop-flip").recipe("symbols", 32) == "crop-flip"


# === The size of the views ===


@pytest.mark.parametrize(
    ("data_name", "image_size", "expected"),
    [
        ("scenes", 32, 20),  # 32 * 5 / 8
        ("scenes", 224, 140),
        ("scenes", 8, 8),  # 5, but views are at least 8
        ("symbols", 32, 22),  # 32 * 11 / 16
    ],
)
def test_views_are_smaller_than_the_pictures(data_name, image_size, expected):
    assert PretrainSettings().size_of_views(data_name, image_size) == expected


@pytest.mark.parametrize(
    "encoder", [name for name in settings.ENCODERS if name not in view_defaults.SMALLEST_VIEWS]
)
def test_views_are_as_large_as_their_encoder_needs(encoder):
    chosen = PretrainSettings(encoder=encoder, width=1.0)
    assert chosen.size_of_views("scenes", 32) == 32
    assert chosen.size_of_views("scenes", 128) == 80  # 128 * 5 / 8
    with pytest.raises(ValueError, match="`view_size` must be at least 32. Received: .*=20"):
        dataclasses.replace(chosen, view_size=20)


def test_views_of_facenet_have_75_pixels_at_least():
    chosen = PretrainSettings(encoder="inception_resnet_v1")
    assert chosen.size_of_views("faces", 112) == 75
    assert chosen.size_of_views("faces", 160) == 100  # 160 * 5 / 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder": "convnext_tiny"}, r"`width` must be 1 for convnext_tiny, .*: width=0\.25"),
        (
            {"encoder": "squeezenet", "stem": "cifar"},
            "`stem` must be auto for squeezenet. Received: stem='cifar'",
        ),
        (
            {"encoder": "squeezenet", "normalization": "group"},
            "`normalization` must be batch for squeezenet. Received: normalization='group'",
        ),
    ],
)
def test_what_an_encoder_does_not_have_is_refused_before_pictures_are_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        PretrainSettings(**arguments)


def test_views_have_the_size_that_is_named():
    assert PretrainSettings(view_size=28).size_of_views("symbols", 32) == 28


# === How long ===


@pytest.mark.parametrize(
    ("asked", "steps_once", "expected"),
    [
        ({"epochs": 7}, 2, (7, 2)),
        ({"epochs": 7, "steps_per_epoch": 30}, 2, (7, 30)),
        ({}, 311, (9, 311)),
        ({}, 2, (9, 112)),  # 14,400 / 128 = 112.5
        ({"batch_size": 64}, 5, (9, 225)),  # 14,400 / 64 = 225
    ],
)
def test_epochs_are_longer_where_pictures_are_few(asked, steps_once, expected):
    assert PretrainSettings(**asked).length(steps_once) == expected


# === The label budget ===

LABELS = np.array([0] * 10 + [1] * 4 + [-1] * 6)


def test_a_budget_takes_so_many_labels_of_each_class():
    rows = LabelBudget(labels_per_class=3).choose(LABELS, seed=0)
    assert np.bincount(LABELS[rows]).tolist() == [3, 3]


def test_a_budget_takes_a_share_of_each_class():
    # Half of 10 and of 4.
    rows = LabelBudget(label_fraction=0.5).choose(LABELS, seed=0)
    assert np.bincount(LABELS[rows]).tolist() == [5, 2]


def test_without_a_limit_every_label_is_taken():
    assert LabelBudget().choose(LABELS, seed=0).tolist() == list(range(14))


def test_another_seed_takes_other_labels():
    budget = LabelBudget(labels_per_class=2)
    first, second = (budget.choose(LABELS, seed).tolist() for seed in (0, 1))
    assert first != second
    assert first == budget.choose(LABELS, 0).tolist()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"labels_per_class": 10}, "10_per_class"),
        ({"label_fraction": 0.01}, "fraction_0.01"),
        ({}, "all"),
    ],
)
def test_a_budget_has_a_name_for_folders(arguments, name):
    assert LabelBudget(**arguments).name == name
