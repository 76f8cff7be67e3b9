import keras
import pytest

from simclr_tf.encoders import build_encoder, encoder_blocks, layer_decay_factors
from simclr_tf.encoders.build import ENCODERS

# Blocks by architecture, with what lies before, between (ConvNeXt's three steps down) and after.
BLOCKS = {
    "resnet10": 1 + 4,
    "resnet18": 1 + 8,
    "resnet34": 1 + 16,
    "resnet50": 1 + 16,
    "wide_resnet50_2": 1 + 16,
    # Three groups of repeats, a reduction between them, the last block and the embedding.
    "inception_resnet_v1": 1 + 5 + 1 + 10 + 1 + 5 + 1 + 1,
    "squeezenet": 1 + 8,
    # One to five repeats of six stages: 1 + 2 + 2 + 3 + 5 + 8, the stem and the top.
    "efficientnetv2_b0": 1 + 21 + 1,
    # 3 + 3 + 9 + 3 blocks, the stem, three steps down and the last normalisation.
    "convnext_tiny": 1 + 18 + 3 + 1,
    "mobilenetv3_small": 1 + 11 + 1,
    "mobilenetv3_large": 1 + 15 + 1,
}


@pytest.fixture(scope="module")
def resnet():
    return build_encoder("resnet10", image_size=8, width=0.125)


def test_the_table_above_has_every_encoder():
    assert set(BLOCKS) == set(ENCODERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_has_the_blocks_of_its_architecture(name):
    encoder = build_encoder(name, image_size=75 if name == "inception_resnet_v1" else 32)
    blocks = encoder_blocks(encoder)
    assert len(blocks) == BLOCKS[name]
    listed = [layer for block in blocks for layer in block]
    assert listed == [layer.name for layer in encoder.layers if layer.weights]


def test_the_blocks_of_a_resnet_begin_with_its_stem(resnet):
    blocks = encoder_blocks(resnet)
    assert blocks[0] == ["conv1", "bn1"]
    for number, block in enumerate(blocks[1:], start=1):
        assert all(name.startswith(f"layer{number}_0_") for name in block)


def test_each_block_learns_slower_than_the_one_after_it(resnet):
    head = keras.layers.Dense(3)
    head.build((None, 64))
    variables = [*resnet.trainable_variables, *head.trainable_variables]
    factors = layer_decay_factors(resnet, 0.8, variables)
    found = dict(zip([variable.path for variable in variables], factors, strict=True))
    # Five blocks: .8 for the last, .8^5 = .32768 for the stem.
    assert found["conv1/kernel"] == found["bn1/gamma"] == pytest.approx(0.32768)
    for number, factor in ((1, 0.4096), (2, 0.512), (3, 0.64), (4, 0.8)):
        assert found[f"layer{number}_0_conv1/kernel"] == pytest.approx(factor)
    assert factors[-2:] == [1.0, 1.0]


def test_frozen_layers_do_not_change_the_depth_of_the_others(resnet):
    last = resnet.get_layer("layer4_0_conv1").kernel
    resnet.trainable = False
    try:
        assert layer_decay_factors(resnet, 0.5, [last]) == [0.5]
    finally:
        resnet.trainable = True


def test_a_network_of_unknown_blocks_is_refused():
    unknown = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="mine")
    with pytest.raises(ValueError, match="`layer_decay` must be 1 for a network .*'mine'"):
        layer_decay_factors(unknown, 0.8, unknown.trainable_variables)


@pytest.mark.parametrize("decay", [0.0, -0.5, 1.5])
def test_a_decay_out_of_range_is_refused(resnet, decay):
    with pytest.raises(ValueError, match=f"`layer_decay` must be .* Received: layer_decay={decay}"):
        layer_decay_factors(resnet, decay, [])
