"""Published TensorFlow Lite files on real pictures."""

import numpy as np
import pytest

from simclr_tf.data import decode_picture
from simclr_tf.encoders.model_types import encoder_of_type
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.metrics import evaluate_retrieval

pytestmark = pytest.mark.real


def test_mobilefacenet_finds_the_same_person(pictures_dir):
    people = sorted(path for path in (pictures_dir / "orl_faces").iterdir() if path.is_dir())[:10]
    files = [file for person in people for file in sorted(person.glob("*.png"))[:5]]
    source = encoder_of_type(
        "facenet", str(pictures_dir / "weights/mobilefacenet.tflite"), resize_mode="stretch"
    )
    assert source.image_size() == 112
    pictures = np.stack([decode_picture(file, 112, "stretch") for file in files])
    features = FeatureExtractor(source.load(), 16)(pictures)
    assert features.shape == (50, 128)
    report = evaluate_retrieval(features, np.repeat(np.arange(10), 5))
    # Four of the 49 others are the same person: chance is 8 %.
    assert report.micro()["top_1"] == 1.0
    assert report.micro()["map_at_r"] > 0.9


def test_a_uint8_mobilenet_takes_raw_pictures_and_tells_scenes_apart(pictures_dir):
    classes = ("forest", "sea", "street")
    files = [
        file
        for name in classes
        for file in sorted((pictures_dir / "intel_scenes/train" / name).glob("*.jpg"))[:10]
    ]
    source = encoder_of_type(
        "frozen", str(pictures_dir / "weights/mobilenet_v1_embedding_uint8.tflite")
    )
    assert source.image_size() == 224
    pictures = np.stack([decode_picture(file, 224) for file in files])
    features = FeatureExtractor(source.load(), 16)(pictures)
    assert features.shape == (30, 1024)
    report = evaluate_retrieval(features, np.repeat(np.arange(3), 10))
    # Nine of the 29 others are of the class: chance is 31 %.
    assert report.micro()["top_1"] > 0.8


def test_nobody_guesses_how_a_file_wants_its_pictures(pictures_dir):
    source = encoder_of_type("frozen", str(pictures_dir / "weights/mobilefacenet.tflite"))
    with pytest.raises(ValueError, match="`frozen_scaling` must say how .*mobilefacenet.tflite"):
        source.load()
