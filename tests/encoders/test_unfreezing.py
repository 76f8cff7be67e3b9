import keras
import numpy as np
import pytest

from simclr_tf.encoders import build_encoder, unfreeze_layers
from simclr_tf.encoders.build import ENCODERS
from simclr_tf.encoders.unfreezing import _LAST_STAGE


@pytest.fixture(scope="module")
def resnet():
    return build_encoder("resnet10", image_size=8, width=0.125)


def test_every_encoder_has_a_last_stage():
    assert set(_LAST_STAGE) == set(ENCODERS)


def test_all_trains_every_layer_with_weights(resnet):
    names = unfreeze_layers(resnet, "all")
    assert names == tuple(layer.name for layer in resnet.layers if layer.weights)


def test_head_trains_no_layer(resnet):
    assert unfreeze_layers(resnet, "head") == ()
    assert resnet.trainable_variables == []


def test_the_last_stage_of_a_resnet(resnet):
    names = unfreeze_layers(resnet, "last_stage")
    assert all(name.startswith("layer4_") for name in names)
    assert {"layer4_0_conv1", "layer4_0_downsample_conv"} <= set(names)
    of_stage = [layer for layer in resnet.layers if layer.name.startswith("layer4_")]
    assert set(names) == {layer.name for layer in of_stage if layer.weights}


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("inception_resnet_v1", "mixed_7a_branch2_0_conv", "last_bn"),
        ("squeezenet", "fire6_squeeze1x1", "fire9_expand3x3"),
        ("efficientnetv2_b0", "block6a_expand_conv", "top_bn"),
        ("mobilenetv3_small", "expanded_conv_8_expand", "conv_1_bn"),
        ("mobilenetv3_large", "expanded_conv_12_expand", "conv_1_bn"),
        ("convnext_tiny", "convnext_tiny_downsampling_block_2", "layer_normalization"),
    ],
)
def test_the_last_stage_begins_where_resolution_is_lost(name, first, last):
    encoder = build_encoder(name, image_size=75)
    names = unfreeze_layers(encoder, "last_stage")
    assert names[0] == first
    assert last.rstrip("0123456789_") in names[-1] and len(names) < len(encoder.layers) / 2
    every = [layer.name for layer in encoder.layers if layer.weights]
    assert list(names) == every[every.index(first) :]


def test_batch_norm_can_stay_frozen(resnet):
    names = unfreeze_layers(resnet, "all", freeze_batch_norm=True)
    assert names and not any("bn" in name for name in names)


def test_frozen_batch_norm_keeps_its_statistics_while_training(resnet):
    pictures = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
    layer = resnet.get_layer("bn1")
    before = layer.get_weights()
    unfreeze_layers(resnet, "all", freeze_batch_norm=True)
    resnet(pictures, training=True)
    np.testing.assert_array_equal(before, layer.get_weights())
    unfreeze_layers(resnet, "all")
    resnet(pictures, training=True)
    assert not np.array_equal(before[2], layer.get_weights()[2])


def test_the_last_call_decides(resnet):
    unfreeze_layers(resnet, "head")
    assert len(unfreeze_layers(resnet, "all")) > 10


def test_the_last_stage_of_an_unknown_network_is_refused():
    unknown = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="mine")
    with pytest.raises(ValueError, match="last_stage for these networks only: resnet10, .*'mine'"):
        unfreeze_layers(unknown, "last_stage")


def test_a_word_that_is_not_accepted_is_named(resnet):
    with pytest.raises(ValueError, match="`unfreeze` must be one of: head, last_stage, all"):
        unfreeze_layers(resnet, "some")
