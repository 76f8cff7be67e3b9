import numpy as np
import pytest

from simclr_tf.encoders import build_encoder
from simclr_tf.export import ClassifierHead, ExportSettings, SamplePictures, export_encoder

SIZE = 16
NAMES = ("apple", "pear", "plüm")


def pictures(count=4, size=SIZE, seed=0):
    """Smooth pictures: a gradient of two random colours."""
    generator = np.random.default_rng(seed)
    ends = generator.integers(0, 256, (2, count, 1, 1, 3))
    side = np.linspace(0, 1, size)
    slope = (side[:, None] * side)[None, :, :, None]
    return np.rint(ends[0] + (ends[1] - ends[0]) * slope).astype(np.uint8)


def small_encoder(precision="none", image_size=SIZE):
    """An encoder whose weights and statistics are drawn: the same in every precision."""
    encoder = build_encoder(
        "resnet10", image_size=image_size, width=0.125, mixed_precision=precision
    )
    generator = np.random.default_rng(0)
    for variable in encoder.variables:
        shape = variable.shape
        if len(shape) == 4:
            values = generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
        elif variable.name in ("gamma", "moving_variance"):
            values = generator.uniform(0.5, 1.5, shape)
        else:
            values = generator.normal(0, 0.2, shape)
        variable.assign(values.astype("float32"))
    return encoder


@pytest.fixture(scope="session")
def encoder():
    return small_encoder()


@pytest.fixture(scope="session")
def head(encoder):
    generator = np.random.default_rng(1)
    features = encoder.output_shape[-1]
    mean, scale = generator.uniform(0.5, 2.0, (2, features)).astype(np.float32)
    weights = generator.normal(size=(features, len(NAMES))).astype(np.float32)
    return ClassifierHead(mean, scale, weights, np.array([0.0, 1.0, -1.0], np.float32), NAMES)


@pytest.fixture(scope="session")
def exported(tmp_path_factory, encoder, head):
    """The report of an export with a classifier; its folder is not to be changed."""
    return export_encoder(
        encoder,
        tmp_path_factory.mktemp("export") / "model",
        ExportSettings(image_size=SIZE, licence="CC0"),
        head=head,
        samples=SamplePictures(pictures(6), name="gradients"),
        provenance={"encoder": "c0ffee", "data": {"fingerprint": "f00d"}},
    )
