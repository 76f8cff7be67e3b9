"""Pictures embedded in the scope of a strategy: by the chief, with the others' help."""

import hashlib
import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from simclr_tf.data import PictureIndex
from simclr_tf.distribution import is_chief
from simclr_tf.evaluation import FeatureExtractor
from simclr_tf.protocols import EmbeddingSettings, assist_embedding, embed_pictures

# The first batch of four gives one of two workers nothing that it can read, the second none of
# them; the last batch is not whole.
BROKEN = (0, 2, 4, 5, 6, 7)
COUNT = 23
SETTINGS = EmbeddingSettings(image_size=8, batch_size=4)


class Source:
    """An encoder that is there already."""

    default_image_size = 8

    def __init__(self, network):
        self.network = network

    def fingerprint(self):
        return "made here"

    def image_size(self):
        return 8

    def description(self):
        return {}

    def load(self):
        return self.network


def pictures():
    return np.random.default_rng(4).integers(0, 256, (COUNT, 8, 8, 3), np.uint8)


def make_index(decoded=None):
    """Some are broken, and the last is a copy of the first but one; notes what is decoded."""
    images = pictures()
    images[-1] = images[1]
    content = {f"{row:02d}": images[row] for row in range(COUNT)}

    def decode(names, size, mode):
        for name in names:
            if decoded is not None:
                decoded.append(name)
            yield "broken" if int(name) in BROKEN else content[name]

    return PictureIndex(
        name="noise",
        place="the noise",
        ids=tuple(content),
        labels=np.arange(COUNT, dtype=np.int32) % 3,
        sha256=tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images),
        splits=("train",) * COUNT,
        class_names=("a", "b", "c"),
        decode=decode,
    )


def run_embedding(network):
    """Embeds, stops once on the way and goes on; returns what the chief has found."""
    several = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    decoded = []
    index = make_index(decoded)
    features = FeatureExtractor(network, 5, across_workers=True)(pictures())
    if not is_chief():
        assist_embedding(index, Source(network), SETTINGS)
        assist_embedding(index, Source(network), SETTINGS)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "e.npz")
        first = embed_pictures(index, Source(network), output, SETTINGS, assisted=several)
        again = embed_pictures(index, Source(network), output, SETTINGS, assisted=several)
        return {
            "features": features,
            "embeddings": np.array(first.embeddings.embeddings),
            "ids": np.array(first.embeddings.ids),
            "skipped": np.array([[picture.path, picture.reason] for picture in first.skipped]),
            "new": np.array([first.num_new, again.num_new]),
            "decoded": np.array(decoded),
        }
