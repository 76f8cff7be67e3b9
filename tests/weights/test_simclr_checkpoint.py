import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.encoders import build_encoder
from simclr_tf.weights import ImportOptions, import_encoder, torchvision_arrays, write_torchvision

SIZE = 24
STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")


@pytest.fixture(scope="module")
def source():
    encoder = build_encoder(
        "resnet50",
        image_size=SIZE,
        width=0.125,
        stem="imagenet_same",
        mean=(0, 0, 0),
        std=(1, 1, 1),
    )
    generator = np.random.default_rng(0)
    for variable in encoder.variables:
        noise = generator.uniform(0, 0.3, variable.shape).astype("float32")
        variable.assign(variable.numpy() + noise)
    return encoder


@pytest.fixture(scope="module")
def variables(source):
    """The weights of `source` under the names of version 1's checkpoints, with their numbers.

    A block's shortcut comes before its own convolutions.
    """
    blocks = [
        f"layer{stage}_{number}"
        for stage, count in enumerate((3, 4, 6, 3), start=1)
        for number in range(count)
    ]
    layers = ["conv1"]
    for block in blocks:
        layers += [f"{block}_downsample_conv"] if block.endswith("_0") else []
        layers += [f"{block}_conv{number}" for number in (1, 2, 3)]
    named = {}
    for number, layer in enumerate(layers):
        suffix = f"_{number}" if number else ""
        (kernel,) = source.get_layer(layer).get_weights()
        named[f"base_model/conv2d{suffix}/kernel"] = kernel
        normalisation = source.get_layer(layer.replace("conv", "bn")).get_weights()
        for part, value in zip(STATISTICS, normalisation, strict=True):
            named[f"base_model/batch_normalization{suffix}/{part}"] = value
    return named


HEADS = {
    "head_contrastive/nl_0/dense/kernel": np.zeros((9, 9), np.float32),
    "head_contrastive/nl_0/batch_normalization/gamma": np.zeros(9, np.float32),
    "head_supervised/linear_layer/dense/bias": np.zeros(9, np.float32),
}


def saved(folder, variables):
    prefix = str(folder / "model.ckpt-1")
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=list(variables),
        shape_and_slices=[""] * len(variables),
        tensors=[tf.constant(value) for value in variables.values()],
    )
    return prefix


def test_the_features_are_those_of_the_network(tmp_path, source, variables):
    encoder, report = import_encoder(saved(tmp_path, variables), ImportOptions(image_size=SIZE))
    images = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    np.testing.assert_array_equal(encoder(images), source(images))
    held = report.architecture
    assert (held.name, held.width, held.stem) == ("resnet50", 0.125, "imagenet_same")
    assert (report.mean, report.std) == ((0, 0, 0), (1, 1, 1))
    assert report.prefix == "base_model"
    assert report.mapped["layer1_0_conv1"] == "base_model/conv2d_2"
    assert report.mapped["layer1_0_downsample_bn"] == "base_model/batch_normalization_1"
    assert report.left_out == {}


def test_heads_and_the_optimizer_are_left_out(tmp_path, variables):
    others = {
        "base_model/conv2d/kernel/Momentum": np.zeros(9, np.float32),
        "base_model/conv2d_1/kernel/Momentum": np.zeros(9, np.float32),
        "global_step": np.array(9, np.int64),
    }
    report = import_encoder(saved(tmp_path, variables | HEADS | others))[1]
    assert set(report.left_out) == {*HEADS, "*/Momentum", "global_step"}
    assert "head" in report.left_out["head_contrastive/nl_0/batch_normalization/gamma"]
    assert report.left_out["*/Momentum"] == "state of the optimizer"
    assert report.image_size == 224


def test_its_encoder_is_not_written_for_torchvision_which_pools_otherwise(tmp_path, source):
    with pytest.raises(ValueError, match="must pool its stem as torchvision does.*imagenet_same"):
        write_torchvision(source, tmp_path / "encoder.safetensors")
    with pytest.raises(ValueError, match="must pool its stem as torchvision does.*imagenet_same"):
        torchvision_arrays(source)


# === What is refused ===


def without(variables, number):
    return {name: value for name, value in variables.items() if f"_{number}/" not in name}


def test_a_missing_convolution_is_refused(tmp_path, variables):
    with pytest.raises(ValueError, match="ResNet-50 without selective .*: 52 convolutions, of whi"):
        import_encoder(saved(tmp_path, without(variables, 7)))


def test_a_missing_normalisation_is_refused(tmp_path, variables):
    short = {
        name: value for name, value in variables.items() if "batch_normalization_7/" not in name
    }
    with pytest.raises(ValueError, match="53 convolutions and 52 normalisations"):
        import_encoder(saved(tmp_path, short))


def test_a_missing_statistic_is_refused(tmp_path, variables):
    short = {
        name: value
        for name, value in variables.items()
        if name != "base_model/batch_normalization_7/beta"
    }
    with pytest.raises(ValueError, match="first layer that differs is 'layer1_1_bn3' with the sha"):
        import_encoder(saved(tmp_path, short))


def test_a_deeper_network_is_refused(tmp_path, variables):
    block = [variables[f"base_model/conv2d_{number}/kernel"] for number in (50, 51, 52)]
    deeper = dict(variables)
    for number, kernel in enumerate(block, start=53):
        deeper[f"base_model/conv2d_{number}/kernel"] = kernel
        for part in STATISTICS:
            name = f"base_model/batch_normalization_{number}/{part}"
            deeper[name] = np.ones(kernel.shape[-1], np.float32)
    with pytest.raises(ValueError, match=r"Received: a ResNet with \(3, 4, 6, 4\) bottleneck"):
        import_encoder(saved(tmp_path, deeper))


def test_two_networks_of_the_same_numbers_are_refused(tmp_path, variables):
    other = {"teacher/conv2d_3/kernel": variables["base_model/conv2d_3/kernel"]}
    with pytest.raises(ValueError, match="two variables of one number, .*/conv2d_3/kernel and"):
        import_encoder(saved(tmp_path, variables | other))


def test_weights_that_are_not_finite_are_refused(tmp_path, variables):
    broken = np.full_like(variables["base_model/conv2d/kernel"], np.nan)
    file = saved(tmp_path, variables | {"base_model/conv2d/kernel": broken})
    # 7 × 7 × 3 × 8 numbers.
    with pytest.raises(ValueError, match="must be finite.*1176 numbers of the layer 'conv1'"):
        import_encoder(file)
