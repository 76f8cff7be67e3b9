import numpy as np
import pytest

from simclr_tf.encoders import build_encoder
from simclr_tf.encoders.built_encoder import BuiltEncoder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "squeezenet.weights.h5"
    build_encoder("squeezenet", image_size=32).save_weights(path)
    return path


def test_the_network_has_the_weights_of_the_file(weights):
    loaded = BuiltEncoder("squeezenet", str(weights)).load()
    expected = build_encoder("squeezenet", image_size=32, weights=weights)
    for one, other in zip(loaded.get_weights(), expected.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_fingerprint_is_of_the_content_and_the_network(weights, tmp_path):
    copy, other = tmp_path / "copy.h5", tmp_path / "other.h5"
    copy.write_bytes(weights.read_bytes())
    other.write_bytes(b"other")
    of = {
        path: BuiltEncoder("squeezenet", str(path)).fingerprint() for path in (weights, copy, other)
    }
    assert of[weights] == of[copy] != of[other]
    assert BuiltEncoder("resnet10", str(copy)).fingerprint() != of[copy]


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="`weights` must be imagenet or a file that exists. Rec"):
        BuiltEncoder("squeezenet", "nowhere.h5")
