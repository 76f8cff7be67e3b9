import re

import h5py
import keras
import numpy as np
import pytest

from simclr_tf.augment import RandomFlip
from simclr_tf.encoders import LoadedWeights, build_encoder, load_weights_by_layer_name


def network(seed, channels=3, names=("conv_a", "bn", "conv_b"), classifier=False, nested=False):
    keras.utils.set_random_seed(seed)
    inner = [
        keras.layers.Conv2D(channels, 1, name=names[0]),
        keras.layers.BatchNormalization(name=names[1]),
        keras.layers.Conv2D(2, 3, name=names[2]),
    ]
    if nested:
        inner = [keras.Sequential([keras.Input((4, 4, 3)), *inner], name="backbone")]
    model = keras.Sequential([keras.Input((4, 4, 3)), *inner])
    if classifier:
        model.add(keras.layers.Dense(5, name="classifier"))
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(generator.uniform(size=variable.shape))
    return model


FORMATS = ["model.keras", "model.weights.h5", "model.h5", "weights_alone.h5"]


def written(model, folder, name):
    path = folder / name
    if name == "weights_alone.h5":
        # As Keras 2 writes weights without their model.
        with h5py.File(path, "w") as file:
            layers = [layer for layer in model.layers if layer.weights]
            file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
            for layer in layers:
                group = file.create_group(layer.name)
                names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
                group.attrs["weight_names"] = [name.encode() for name in names]
                for weight_name, weight in zip(names, layer.weights, strict=True):
                    group[weight_name] = weight.numpy()
    elif name == "model.weights.h5":
        model.save_weights(path)
    else:
        model.save(path)
    return path


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(own, theirs) for own, theirs in pairs)


every_format = pytest.mark.parametrize("name", FORMATS)


@every_format
def test_every_format_gives_its_weights(name, tmp_path):
    source, target = network(0), network(1)
    assert not same_weights(source, target)
    loaded = load_weights_by_layer_name(target, written(source, tmp_path, name))
    assert same_weights(source, target)
    assert loaded == LoadedWeights(mapped=("conv_a", "bn", "conv_b"), left_out=())


@every_format
def test_further_layers_of_the_file_are_left_out_and_reported(name, tmp_path):
    source, target = network(0, classifier=True), network(1)
    loaded = load_weights_by_layer_name(target, written(source, tmp_path, name))
    assert loaded.left_out == ("classifier",)
    for own, theirs in zip(target.get_weights(), source.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(own, theirs)


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5", "model.h5"])
@pytest.mark.parametrize("nested_source", [False, True])
@pytest.mark.parametrize("nested_target", [False, True])
def test_a_model_within_a_model_counts_by_its_layers(name, nested_source, nested_target, tmp_path):
    source = network(0, nested=nested_source, classifier=True)
    target = network(1, nested=nested_target)
    loaded = load_weights_by_layer_name(target, written(source, tmp_path, name))
    assert loaded.mapped == ("conv_a", "bn", "conv_b")
    assert loaded.left_out == ("classifier",)
    x = np.random.default_rng(0).uniform(size=(2, 4, 4, 3)).astype("float32")
    features = keras.Model(source.inputs[0], source.layers[-2].output)
    np.testing.assert_allclose(target(x), features(x), rtol=1e-6)


@every_format
@pytest.mark.parametrize(
    ("source", "first", "own", "theirs"),
    [
        # The batch norm differs too, but conv_a comes first.
        ({"channels": 4}, "conv_a", "(1, 1, 3, 3), (3,)", "(1, 1, 3, 4), (4,)"),
        ({"names": ("conv_a", "norm", "conv_b")}, "bn", "(3,), (3,), (3,), (3,)", None),
    ],
)
def test_another_architecture_is_refused_and_changes_nothing(
    name, source, first, own, theirs, tmp_path
):
    target = network(1)
    has = "has no such layer" if theirs is None else f"has it with the shapes {theirs}"
    message = (
        "`weights` must be of the same architecture: the first layer that differs is "
        f"'{first}' with the shapes {own}, and the file {has}. Received: "
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        load_weights_by_layer_name(target, written(network(0, **source), tmp_path, name))
    assert same_weights(target, network(1))


@every_format
def test_layers_that_keras_numbered_are_matched_by_their_order(name, tmp_path):
    # Eleven of them, so that 10 comes after 2 though not as text.
    def numbered(seed, first):
        names = ["dense" if n == 0 else f"dense_{n}" for n in range(first, first + 11)]
        layers = [keras.layers.Dense(2, name=own) for own in names]
        model = keras.Sequential([keras.Input((2,)), *layers])
        generator = np.random.default_rng(seed)
        model.set_weights([generator.uniform(size=w.shape) for w in model.weights])
        return model

    source, target = numbered(0, 0), numbered(1, 5)
    load_weights_by_layer_name(target, written(source, tmp_path, name))
    assert same_weights(source, target)


def test_slashes_in_the_names_of_a_file_stand_for_underscores(tmp_path):
    target = network(1, names=("fire2_squeeze", "fire2_norm", "fire2_expand"))
    source = network(0)
    names = ["fire2/squeeze", "fire2/norm", "fire2/expand"]
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"input_1", *(name.encode() for name in names)]
        file.create_group("input_1").attrs["weight_names"] = np.zeros(0)
        for name, layer in zip(names, source.layers, strict=True):
            group = file.create_group(name)
            # Names of weights that say nothing of their layer, as some files have.
            group.attrs["weight_names"] = [b"uniform%d" % i for i in range(len(layer.weights))]
            for number, weight in enumerate(layer.weights):
                group[f"uniform{number}"] = weight.numpy()
    loaded = load_weights_by_layer_name(target, tmp_path / "old.h5")
    assert same_weights(source, target)
    assert loaded.mapped == ("fire2_squeeze", "fire2_norm", "fire2_expand")


def test_a_list_of_layers_that_was_cut_in_pieces_is_read_whole(tmp_path):
    path = written(network(0), tmp_path, "weights_alone.h5")
    with h5py.File(path, "a") as file:
        names = list(file.attrs["layer_names"])
        del file.attrs["layer_names"]
        file.attrs["layer_names"], file.attrs["layer_names1"] = names[:1], names[1:]
    target = network(1)
    load_weights_by_layer_name(target, path)
    assert same_weights(target, network(0))


@pytest.mark.parametrize("name", ["encoder.keras", "encoder.h5", "encoder.weights.h5"])
@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04" + bytes(30)])
def test_a_file_that_is_none_of_keras_is_refused(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"`weights` must be a readable Keras file.*{name}"):
        load_weights_by_layer_name(network(0), tmp_path / name)


def test_a_file_without_layers_is_refused(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["pictures"] = np.zeros(3)
    with pytest.raises(ValueError, match="`weights` must be a readable .* holds no layers"):
        load_weights_by_layer_name(network(0), tmp_path / "data.h5")


@pytest.mark.parametrize("place", ["link", "storage"])
def test_numbers_of_another_file_are_not_read(tmp_path, place):
    source = network(0)
    (tmp_path / "secret").write_bytes(np.arange(1000.0).tobytes())
    path = written(source, tmp_path, "model.weights.h5")
    with h5py.File(path, "a") as file:
        group = file["layers/conv2d/vars"]
        shape = group["0"].shape
        del group["0"]
        if place == "link":
            group["0"] = h5py.ExternalLink("other.h5", "/0")
        else:
            outside = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
            group.create_dataset("0", shape, "f4", external=outside)
    with pytest.raises(ValueError, match="is a link to another file|numbers of 0 are not in it"):
        load_weights_by_layer_name(network(1), path)


def test_a_shape_that_fills_the_memory_is_refused(tmp_path):
    path = written(network(0), tmp_path, "model.weights.h5")
    with h5py.File(path, "a") as file:
        group = file["layers/conv2d/vars"]
        del group["0"]
        # 2^44 numbers, none of which is stored.
        group.create_dataset("0", (2**22, 2**22), "f4", chunks=(64, 64))
    with pytest.raises(ValueError, match=r"states the shape \(4194304, 4194304\) for 0"):
        load_weights_by_layer_name(network(1), path)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match="`weights` must be a file that exists. .*nowhere.h5"):
        load_weights_by_layer_name(network(0), tmp_path / "nowhere.h5")


def test_an_encoder_can_be_built_with_the_weights_of_a_file(tmp_path):
    source = build_encoder("resnet10", image_size=8, width=0.125)
    source.save(tmp_path / "encoder.keras")
    built = build_encoder(
        "resnet10", image_size=16, width=0.125, weights=tmp_path / "encoder.keras"
    )
    assert same_weights(source, built)


def test_weights_of_another_stem_are_refused(tmp_path):
    build_encoder("resnet10", image_size=8, width=0.125).save(tmp_path / "encoder.keras")
    message = r"the first layer that differs is 'conv1' with the shapes \(7, 7, 3, 8\), and the "
    with pytest.raises(ValueError, match=message + r"file has it with the shapes \(3, 3, 3, 8\)"):
        build_encoder("resnet10", image_size=80, width=0.125, weights=tmp_path / "encoder.keras")


def test_the_random_generator_of_an_augmentation_in_the_file_is_left_out(tmp_path):
    # As in a classifier.keras, whose augmenter keeps the state of its generator.
    source, target = network(0), network(1)
    with_flips = keras.Sequential([keras.Input((4, 4, 3)), RandomFlip(seed=0), *source.layers])
    with_flips.save(tmp_path / "model.keras")
    loaded = load_weights_by_layer_name(target, tmp_path / "model.keras")
    assert loaded.left_out == ()
    for own, theirs in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(own, theirs)
