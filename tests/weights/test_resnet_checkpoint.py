import numpy as np
import pytest
from safetensors.numpy import save_file

from simclr_tf.encoders import build_encoder, load_encoder
from simclr_tf.weights import ImportOptions, import_encoder, torchvision_arrays
from tests.parity.random_weights import random_state


def saved(folder, state, prefix="", metadata=None, **others):
    arrays = {prefix + name: value for name, value in state.items()} | others
    save_file(arrays, folder / "model.safetensors", metadata)
    return folder / "model.safetensors"


def assert_has(encoder, state):
    for name, value in torchvision_arrays(encoder).items():
        if not name.endswith("num_batches_tracked"):
            np.testing.assert_array_equal(value, state[name])


@pytest.mark.parametrize(
    "prefix", ["", "module.", "backbone.", "encoder.module.", "convnet.", "model.encoder_q.net."]
)
def test_the_usual_prefixes_are_found(tmp_path, state, prefix):
    encoder, report = import_encoder(saved(tmp_path, state, prefix))
    assert_has(encoder, state)
    assert report.prefix == prefix
    assert report.mapped["layer2_0_downsample_bn"] == f"{prefix}layer2.0.downsample.1"
    assert len(report.mapped) == 2 * 20  # a convolution and its normalisation


def test_what_is_left_out_is_named_with_its_reason(tmp_path, state):
    others = {
        "backbone.fc.weight": np.zeros((3, 64), np.float32),
        "head.0.weight": np.zeros((3, 64), np.float32),
        "optimizer.state.0.momentum_buffer": np.zeros(3, np.float32),
        "optimizer.state.1.momentum_buffer": np.zeros(3, np.float32),
    }
    left_out = import_encoder(saved(tmp_path, state, "backbone.", **others))[1].left_out
    assert set(left_out) == {
        "*.num_batches_tracked",
        "backbone.fc.weight",
        "head.*",
        "optimizer.state.*",
    }
    assert "classifier" in left_out["backbone.fc.weight"]
    assert "outside the network" in left_out["head.*"]


def numbered(state, places, prefix):
    """The names that torch.nn.Sequential gives to the parts of torchvision's network."""
    renamed = {}
    for name, value in state.items():
        part, _, rest = name.partition(".")
        renamed[f"{prefix}{places[part]}.{rest}"] = value
    return renamed


@pytest.mark.parametrize("prefix", ["", "backbone.", "f."])
@pytest.mark.parametrize(
    "places",
    [
        {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7},
        {"conv1": 0, "bn1": 1, "layer1": 3, "layer2": 4, "layer3": 5, "layer4": 6},
        {"conv1": 0, "bn1": 1, "layer1": 2, "layer2": 3, "layer3": 4, "layer4": 5},
    ],
    ids=["all parts", "without the pool", "without pool and relu"],
)
def test_the_numbers_of_a_sequence_are_understood(tmp_path, state, places, prefix):
    file = saved(tmp_path, numbered(state, places, prefix))
    encoder, report = import_encoder(file)
    assert_has(encoder, state)
    assert report.mapped["layer3_1_conv2"] == f"{prefix}{places['layer3']}.1.conv2"


def test_shortcut_means_downsample(tmp_path, state):
    renamed = {name.replace("downsample", "shortcut"): value for name, value in state.items()}
    encoder, report = import_encoder(saved(tmp_path, renamed, "encoder."))
    assert_has(encoder, state)
    assert report.mapped["layer2_0_downsample_conv"] == "encoder.layer2.0.shortcut.0"


@pytest.mark.parametrize(
    "copy", ["momentum_backbone.", "teacher.backbone.", "state_dict_ema.", "encoder_k."]
)
def test_copies_of_the_network_are_passed_over(tmp_path, state, copy):
    copies = {copy + name: np.zeros_like(value) for name, value in state.items()}
    encoder, report = import_encoder(saved(tmp_path, state, "backbone.", **copies))
    assert report.prefix == "backbone."
    assert_has(encoder, state)
    encoder, report = import_encoder(
        tmp_path / "model.safetensors", ImportOptions(prefix=copy.rstrip("."))
    )
    assert report.prefix == copy
    assert not encoder.get_layer("conv1").get_weights()[0].any()


def test_several_networks_must_be_chosen_from(tmp_path, state):
    others = {f"right.{name}": value for name, value in state.items()}
    file = saved(tmp_path, state, "left.", **others)
    with pytest.raises(ValueError, match="`prefix` must say which .*'left.', 'right.'"):
        import_encoder(file)
    assert import_encoder(file, ImportOptions(prefix="right"))[1].prefix == "right."
    with pytest.raises(ValueError, match="`prefix` must be one of: left., right.. Rec.*'middle.'"):
        import_encoder(file, ImportOptions(prefix="middle"))


@pytest.mark.parametrize(
    "name, width, stem",
    [
        ("resnet10", 0.125, "imagenet"),
        ("resnet34", 0.125, "cifar"),
        ("resnet50", 0.25, "imagenet"),
        ("wide_resnet50_2", 0.125, "strided"),
    ],
)
def test_the_architecture_is_told_by_the_file(tmp_path, name, width, stem):
    source = build_encoder(name, image_size=16, width=width, stem=stem)
    state = random_state({key: value.shape for key, value in torchvision_arrays(source).items()})
    encoder, report = import_encoder(saved(tmp_path, state))
    found = report.architecture
    assert (found.name, found.width, found.stem) == (name, width, stem)
    assert_has(encoder, state)


def test_the_pictures_are_scaled_as_asked_also_after_loading(tmp_path, state, images):
    file = saved(tmp_path, state)
    options = ImportOptions(image_size=16, mean=(0, 0, 0), std=(1, 1, 1))
    plain, report = import_encoder(file, options)
    assert report.mean == (0.0, 0.0, 0.0) and report.std == (1.0, 1.0, 1.0)
    by_imagenet, _ = import_encoder(file, ImportOptions(image_size=16))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    # (x / 255 - mean) / std of these is the x / 255 of the pictures.
    undone = 255 * (images / 255 * std + mean)
    np.testing.assert_allclose(
        plain(images), by_imagenet(undone.astype(np.float32)), rtol=1e-4, atol=1e-4
    )
    plain.save(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(load_encoder(tmp_path / "encoder.keras")(images), plain(images))


def test_half_precision_in_the_file_becomes_float32(tmp_path, state):
    halved = {name: value.astype(np.float16) for name, value in state.items()}
    encoder, _ = import_encoder(saved(tmp_path, halved))
    assert_has(encoder, {name: value.astype(np.float32) for name, value in halved.items()})


# === What is refused ===


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path, state, bad):
    broken = state["layer2.0.conv1.weight"].copy()
    broken[0, 0] = bad  # 3 × 3 numbers
    file = saved(tmp_path, state | {"layer2.0.conv1.weight": broken})
    with pytest.raises(ValueError, match="must be finite.*9 numbers of the layer 'layer2_0_conv1'"):
        import_encoder(file)


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"encoder": "resnet34"},
            r"first layer that differs is 'layer1_2_conv1' with the shapes \(3, 3, 8, 8\), and the "
            "file has no such layer",
        ),
        (
            {"encoder": "resnet10"},
            r"the file has the layer 'layer1_1_bn1' with the shapes (\(8,\), ){4}"
            "and resnet10 has no such layer",
        ),
        (
            {"stem": "imagenet"},
            r"first layer that differs is 'conv1' with the shapes \(7, 7, 3, 8\), and the file has "
            r"it with the shapes \(3, 3, 3, 8\)",
        ),
        ({"width": 0.25}, r"'conv1' with the shapes \(3, 3, 3, 16\)"),
        ({"encoder": "squeezenet"}, "`encoder` must be one of: auto, resnet10"),
        (
            {"encoder": "inception_resnet_v1"},
            "must hold one of: inception_resnet_v1, under names .* are: bn1.bias, ",
        ),
        ({"stem": "vgg"}, "`stem` must be one of: auto, cifar"),
        ({"width": -1}, "`width` must be at least 0"),
        ({"std": (1, 1)}, "`std` must be 3 numbers"),
        ({"std": (1, 1, 0)}, "`std` must be greater than 0"),
    ],
)
def test_another_architecture_than_asked_for_is_refused(tmp_path, state, options, message):
    with pytest.raises(ValueError, match=message):
        import_encoder(saved(tmp_path, state), ImportOptions(**options))


def test_a_missing_array_is_named_by_its_layer(tmp_path, state):
    short = {name: value for name, value in state.items() if name != "layer3.1.bn2.running_mean"}
    message = r"'layer3_1_bn2' with the shapes \(32,\), \(32,\), \(32,\), \(32,\), and the file"
    with pytest.raises(ValueError, match=message):
        import_encoder(saved(tmp_path, short))
    short = {name: value for name, value in state.items() if not name.startswith("bn1.")}
    with pytest.raises(ValueError, match="'bn1' with the shapes.*the file has no such layer"):
        import_encoder(saved(tmp_path, short))


@pytest.mark.parametrize(
    "extra, message",
    [
        ("layer1.0.se.fc1.weight", "ResNet as torchvision builds it.*'layer1.0.se.fc1.weight'"),
        ("layer2.2.conv1.weight", r"Received: a ResNet with \(2, 3, 2, 2\) basic blocks"),
    ],
)
def test_a_network_of_another_kind_is_described(tmp_path, state, extra, message):
    with pytest.raises(ValueError, match=message):
        import_encoder(saved(tmp_path, state | {extra: np.zeros((8, 8, 1, 1), np.float32)}))


def test_a_resnext_is_refused(tmp_path):
    source = build_encoder("resnet50", image_size=16, width=0.125)
    state = dict(torchvision_arrays(source))
    state["layer1.0.conv2.weight"] = state["layer1.0.conv2.weight"][:, :2].copy()
    with pytest.raises(ValueError, match="without groups. Received: one with 4 groups"):
        import_encoder(saved(tmp_path, state))


def test_a_file_without_a_resnet_says_what_it_holds(tmp_path):
    save_file({"patch_embed.weight": np.zeros(3, np.float32)}, tmp_path / "vit.safetensors")
    with pytest.raises(
        ValueError, match="must hold one of: resnet10, .*1 arrays, .*: patch_embed.weight"
    ):
        import_encoder(tmp_path / "vit.safetensors")


@pytest.mark.parametrize("shape", [(), (3,), (8, 3), (0, 3, 3, 3)])
def test_a_first_convolution_that_is_none_is_refused(tmp_path, state, shape):
    strange = state | {"conv1.weight": np.zeros(shape, np.float32)}
    with pytest.raises(ValueError, match="of a ResNet: conv1.weight must have the shape"):
        import_encoder(saved(tmp_path, strange))


def test_a_quantised_network_is_refused(tmp_path, state):
    whole = state | {"layer1.0.conv1.weight": state["layer1.0.conv1.weight"].astype(np.int8)}
    with pytest.raises(ValueError, match="must be floating numbers.*int8 in the layer 'layer1_0_c"):
        import_encoder(saved(tmp_path, whole))


def test_a_mean_that_others_wrote_into_the_file_is_not_taken_for_a_scaling(tmp_path, state):
    _, report = import_encoder(saved(tmp_path, state, metadata={"mean": "see README", "std": "1"}))
    assert report.mean == (0.485, 0.456, 0.406)
    assert report.std == (0.229, 0.224, 0.225)
