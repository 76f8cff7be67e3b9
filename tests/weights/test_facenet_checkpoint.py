import re

import numpy as np
import pytest
from safetensors.numpy import save_file

from simclr_tf.encoders import build_encoder, load_encoder
from simclr_tf.weights import ImportOptions, import_encoder

SIZE = 75


def torch_name(layer):
    """facenet-pytorch's name of one of our layers: `repeat_1.0.branch1.0.conv`."""
    part, rest = re.fullmatch(
        r"(conv2d_\d[a-z]|repeat_\d|mixed_\d[a-z]|block8|last)_(.+)", layer
    ).groups()
    return f"last_{rest}" if part == "last" else f"{part}.{rest.replace('_', '.')}"


@pytest.fixture(scope="module")
def source():
    encoder = build_encoder("inception_resnet_v1", image_size=SIZE, width=0.25)
    generator = np.random.default_rng(0)
    for variable in encoder.variables:
        noise = generator.uniform(0, 0.3, variable.shape).astype("float32")
        variable.assign(variable.numpy() + noise)
    return encoder


@pytest.fixture(scope="module")
def state(source):
    """The arrays of `source` under facenet-pytorch's names and in the layout of PyTorch."""
    arrays = {}
    for layer in source.layers:
        parts = ("weight", "bias", "running_mean", "running_var")
        for part, value in zip(parts, layer.get_weights(), strict=False):
            if value.ndim > 1:
                value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
            arrays[f"{torch_name(layer.name)}.{part}"] = np.ascontiguousarray(value)
    return arrays


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)


def saved(folder, state, prefix="", **others):
    arrays = {prefix + name: value for name, value in state.items()} | others
    save_file(arrays, folder / "model.safetensors")
    return folder / "model.safetensors"


@pytest.mark.parametrize("prefix", ["", "module.", "model.backbone."])
def test_the_embedding_is_that_of_the_file_s_network(tmp_path, source, state, images, prefix):
    options = ImportOptions(image_size=SIZE)
    encoder, report = import_encoder(saved(tmp_path, state, prefix), options)
    np.testing.assert_array_equal(encoder(images), source(images))
    assert (report.architecture.name, report.architecture.width) == ("inception_resnet_v1", 0.25)
    assert (report.prefix, report.image_size) == (prefix, SIZE)
    assert report.mapped["repeat_1_0_branch1_0_bn"] == f"{prefix}repeat_1.0.branch1.0.bn"
    assert len(report.mapped) == len(source.layers) - sum(not x.weights for x in source.layers)


def test_the_classifier_is_left_out(tmp_path, state):
    others = {
        "logits.weight": np.zeros((9, 128), np.float32),
        "logits.bias": np.zeros(9, np.float32),
        "conv2d_1a.bn.num_batches_tracked": np.zeros((), np.int64),
    }
    report = import_encoder(saved(tmp_path, state, **others))[1]
    assert set(report.left_out) == {"logits.weight", "logits.bias", "*.num_batches_tracked"}
    assert "classifier" in report.left_out["logits.weight"]
    assert report.image_size == 160
    assert report.mean is None


def test_the_imported_encoder_is_saved_and_loaded_with_its_scaling(tmp_path, state, images):
    encoder, _ = import_encoder(saved(tmp_path, state), ImportOptions(image_size=SIZE))
    encoder.save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(images), encoder(images))


# === What is refused ===


@pytest.mark.parametrize(
    "options, message",
    [
        ({"stem": "cifar"}, "`stem` must be left out for FaceNet.*'cifar'"),
        ({"mean": (0, 0, 0)}, "`mean` must be left out for FaceNet"),
        ({"std": (1, 1, 1)}, "`std` must be left out for FaceNet"),
        ({"image_size": 32}, "`image_size` must be at least 75"),
        ({"width": 0.5}, r"'conv2d_1a_conv' with the shapes \(3, 3, 3, 16\)"),
        ({"encoder": "resnet18"}, "`weights` must hold one of: resnet18, under names"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, state, options, message):
    with pytest.raises(ValueError, match=message):
        import_encoder(saved(tmp_path, state), ImportOptions(**options))


def test_a_missing_array_is_named_by_its_layer(tmp_path, state):
    short = {name: value for name, value in state.items() if name != "block8.conv2d.bias"}
    with pytest.raises(ValueError, match=r"'block8_conv2d' with the shapes \(1, 1, 96, 448\), \("):
        import_encoder(saved(tmp_path, short))


def test_weights_that_are_not_finite_are_refused(tmp_path, state):
    broken = state["last_linear.weight"].copy()
    broken[0, 0] = np.nan
    with pytest.raises(ValueError, match="must be finite.*1 numbers of the layer 'last_linear'"):
        import_encoder(saved(tmp_path, state | {"last_linear.weight": broken}))
