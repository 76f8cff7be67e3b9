import keras
import numpy as np
import pytest

from simclr_tf.encoders import (
    add_head_layers,
    build_encoder,
    build_projection_head,
    load_encoder,
    load_encoder_with_head,
)
from simclr_tf.training import save_model


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype("uint8")


def make_parts(**head):
    keras.utils.set_random_seed(0)
    encoder = build_encoder("resnet10", image_size=8, width=0.125)
    return encoder, build_projection_head(encoder.output_shape[-1], hidden=12, output=5, **head)


@pytest.mark.parametrize(("count", "size"), [(1, 12), (2, 12), (3, 5)])
def test_the_features_are_those_after_so_many_layers_of_the_head(pictures, count, size):
    encoder, head = make_parts(depth=3)
    expected = encoder(pictures, training=False)
    names = [f"{part}{n}" for n in range(1, count + 1) for part in ("dense", "bn", "relu")]
    for name in names[: -1 if count == 3 else None]:  # No ReLU after the last.
        expected = head.get_layer(name)(expected)
    network = add_head_layers(encoder, head, count)
    assert network.output_shape == (None, size)
    np.testing.assert_allclose(network(pictures, training=False), expected, atol=1e-6)
    # So that its stages are known.
    assert network.name == "resnet10"


def test_all_layers_of_the_head_give_its_projections(pictures):
    encoder, head = make_parts(depth=2, mixed_precision="bfloat16")
    network = add_head_layers(encoder, head, 2)
    expected = head(encoder(pictures, training=False), training=False)
    assert network.output.dtype == "float32"
    np.testing.assert_array_equal(network(pictures, training=False), expected)


def test_a_head_without_normalisation_is_cut_as_well(pictures):
    encoder, head = make_parts(depth=2, batch_normalization=False)
    expected = np.maximum(head.get_layer("dense1")(encoder(pictures, training=False)), 0)
    found = add_head_layers(encoder, head, 1)(pictures, training=False)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_network_is_saved_and_loaded_as_an_encoder(tmp_path, pictures):
    network = add_head_layers(*make_parts(depth=3), 1)
    save_model(network, tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path)
    np.testing.assert_array_equal(loaded(pictures), network(pictures))


def test_encoder_and_head_of_a_pretraining_are_found_by_their_folder(tmp_path, pictures):
    encoder, head = make_parts(depth=2)
    save_model(encoder, tmp_path / "encoder.keras")
    save_model(head, tmp_path / "projection_head.keras")
    loaded = load_encoder_with_head(tmp_path, 1)
    expected = add_head_layers(encoder, head, 1)(pictures)
    np.testing.assert_array_equal(loaded(pictures), expected)


@pytest.mark.parametrize("count", [0, 3])
def test_a_layer_that_the_head_does_not_have_is_refused(count):
    message = f"`from_head_layer` must be between 1 and 2. Received: from_head_layer={count}"
    with pytest.raises(ValueError, match=message):
        add_head_layers(*make_parts(depth=2), count)


def test_an_encoder_without_its_head_is_refused(tmp_path):
    encoder, head = make_parts(depth=1)
    save_model(encoder, tmp_path / "encoder.keras")
    with pytest.raises(ValueError, match="`encoder_dir` must have a projection_head.keras beside"):
        load_encoder_with_head(tmp_path, 1)
    save_model(head, tmp_path / "projection_head.keras")
    save_model(encoder, tmp_path / "best_encoder.keras")
    # Of another epoch than the head.
    with pytest.raises(ValueError, match="Received: .*best_encoder.keras"):
        load_encoder_with_head(tmp_path / "best_encoder.keras", 1)
