import keras
import numpy as np
import pytest

from simclr_tf.data import load_pictures
from simclr_tf.encoders import (
    CaffeScaling,
    build_encoder,
    load_encoder,
    load_weights_by_layer_name,
)
from simclr_tf.similarity import top_k_cosine


def pictures(size=32, count=3):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype("uint8")


def test_scaling_turns_the_colours_round_and_takes_the_mean_away():
    # Red 10, green 20, blue 30.
    scaled = CaffeScaling(32)(np.uint8([[[[10, 20, 30]]]]))
    expected = [30 - 103.939, 20 - 116.779, 10 - 123.68]
    np.testing.assert_allclose(np.ravel(scaled), expected, rtol=1e-6)


def test_scaling_is_computed_in_float32_under_mixed_precision():
    # 255 - 103.939 = 151.061, in steps of 1 in bfloat16; of 8-bit pictures nothing else is lost.
    scaled = CaffeScaling(32, dtype="mixed_bfloat16")(np.full((1, 1, 1, 3), 255, "uint8"))
    assert scaled.dtype == "bfloat16"
    np.testing.assert_array_equal(np.ravel(scaled).astype("float32"), [151, 138, 131])


def test_the_network_has_the_parameters_of_the_paper_s_code():
    # SqueezeNet v1.1 has 1,235,496 parameters, of which 512 * 1000 + 1000 in its classifier.
    encoder = build_encoder("squeezenet", image_size=128)
    assert encoder.count_params() == 1_235_496 - 513_000
    assert encoder.output_shape == (None, 512)


@pytest.mark.parametrize("size, side", [(128, 7), (224, 13), (32, 1)])
def test_the_last_map_has_the_size_of_the_published_network(size, side):
    encoder = build_encoder("squeezenet", image_size=size, width=0.25)
    last_map = keras.Model(encoder.input, encoder.get_layer("fire9_concat").output)
    assert last_map(np.zeros((1, size, size, 3), "uint8")).shape == (1, side, side, 128)


@pytest.mark.parametrize("precision", ["none", "bfloat16", "float16"])
def test_features_are_float32_and_finite_in_every_precision(precision):
    encoder = build_encoder("squeezenet", image_size=32, width=0.25, mixed_precision=precision)
    features = encoder(pictures())
    assert (features.dtype, features.shape) == ("float32", (3, 128))
    assert np.isfinite(features).all()
    assert {weight.dtype for weight in encoder.weights} == {"float32"}


def test_a_saved_encoder_gives_identical_features(tmp_path):
    encoder = build_encoder("squeezenet", image_size=32, width=0.25)
    encoder.save(tmp_path / "encoder.keras")
    loaded = load_encoder(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded(pictures()), encoder(pictures()))


def test_the_smallest_picture_is_named():
    with pytest.raises(ValueError, match="`image_size` must be at least 32. Received: .*=31"):
        build_encoder("squeezenet", image_size=31)


# === The published weights ===


@pytest.fixture(scope="module")
def imagenet_encoder(pictures_dir):
    encoder = build_encoder("squeezenet", image_size=128)
    path = pictures_dir / "weights" / "squeezenet_v1.1_imagenet_notop.h5"
    loaded = load_weights_by_layer_name(encoder, path)
    # conv1 and three convolutions in each of 8 fires.
    assert len(loaded.mapped) == 1 + 3 * 8
    assert loaded.left_out == ()
    return encoder


@pytest.mark.real
def test_weights_of_imagenet_do_not_fit_a_narrower_network(pictures_dir):
    path = pictures_dir / "weights" / "squeezenet_v1.1_imagenet_notop.h5"
    message = r"first layer that differs is 'conv1' with the shapes \(3, 3, 3, 32\), \(32,\), and "
    with pytest.raises(ValueError, match=message + r"the file has .* \(3, 3, 3, 64\), \(64,\)"):
        build_encoder("squeezenet", image_size=128, width=0.5, weights=path)


@pytest.mark.real
@pytest.mark.slow
def test_scenes_are_found_again_by_the_frozen_network(pictures_dir, imagenet_encoder, tmp_path):
    # The first 40 pictures of each of 6 scenes as queries, the next 80 as gallery. On all
    # pictures top-1 is about 82 %; guessing is right in 17 % of the cases.
    folder = tmp_path / "scenes"
    for scene in sorted((pictures_dir / "intel_scenes" / "train").iterdir()):
        (folder / scene.name).mkdir(parents=True)
        for file in sorted(scene.iterdir())[:120]:
            (folder / scene.name / file.name).symlink_to(file)
    splits = load_pictures(folder, image_size=128, validation_fraction=1 / 3, test_fraction=0)
    assert len(splits.train.class_names) == 6

    def features(picture_set):
        return imagenet_encoder.predict(np.asarray(picture_set.images), batch_size=64, verbose=0)

    _, nearest = top_k_cosine(features(splits.validation), features(splits.train), k=3)
    hits = splits.train.labels[nearest] == splits.validation.labels[:, None]
    assert hits[:, 0].mean() > 0.65
    assert hits.any(axis=1).mean() > 0.85


@pytest.mark.real
def test_the_scaling_is_part_of_the_model_and_matters(imagenet_encoder):
    # The same weights behind another scaling give other features.
    encoder = imagenet_encoder
    without = keras.Model(encoder.get_layer("scaling").output, encoder.output)
    images = pictures(128)
    difference = np.abs(without(images.astype("float32")) - encoder(images)).mean()
    assert difference > 0.1
