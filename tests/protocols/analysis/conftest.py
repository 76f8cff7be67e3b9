import numpy as np
import pytest
from PIL import Image

from simclr_tf.protocols import AnalysisSettings
from simclr_tf.protocols.analysis.joined import Joined
from simclr_tf.retrieval import Embeddings

# Small and quick; every figure and table is still made.
SETTINGS = AnalysisSettings(
    map_pictures=40, neighbours=3, max_pairs=2000, resamples=10, examples=4, named_classes=2
)
COLOURS = {"sea": "navy", "forest": "green", "street": "grey"}


def digests_of(ids):
    """Contents that differ where the names do."""
    names = [name.encode("utf-8", "surrogateescape").ljust(32)[-32:] for name in ids]
    return np.stack([np.frombuffer(name, np.uint8) for name in names])


def file_of(vectors, ids, classes=None, root="", encoder="e1", source="scenes"):
    """Embeddings of pictures whose classes are names, None for no label."""
    classes = [None] * len(ids) if classes is None else classes
    names = tuple(sorted({name for name in classes if name is not None}))
    return Embeddings(
        embeddings=np.asarray(vectors, np.float32),
        ids=tuple(ids),
        labels=np.array([-1 if c is None else names.index(c) for c in classes], np.int32),
        class_names=names,
        sha256=np.stack(
            [
                np.frombuffer(name.encode("utf-8", "surrogateescape").ljust(32)[-32:], np.uint8)
                for name in ids
            ]
        ),
        encoder=encoder,
        root=str(root),
        description={"source": source},
    )


def clouds(classes, seed=0, spread=0.25, dimension=6):
    """Vectors about one centre for each class."""
    generator = np.random.default_rng(seed)
    names = sorted({name for name in classes if name is not None})
    centres = {name: generator.normal(size=dimension) for name in [*names, None]}
    noise = spread * generator.normal(size=(len(classes), dimension))
    return np.stack([centres[name] for name in classes]) + noise


def joined_of(vectors, classes, ids=None, splits=None, levels=()):
    """What `join_embeddings` makes of one file, for parts that need little of it."""
    names = sorted({name for name in classes if name is not None})
    vectors = np.asarray(vectors, np.float32)
    ids = tuple(ids or (f"p{number}" for number in range(len(classes))))
    return Joined(
        vectors={"embedding": vectors / np.linalg.norm(vectors, axis=1, keepdims=True)},
        ids=ids,
        labels=np.array([-1 if c is None else names.index(c) for c in classes], np.int64),
        class_names=tuple(names),
        sha256=np.stack(
            [
                np.frombuffer(name.encode("utf-8", "surrogateescape").ljust(32)[-32:], np.uint8)
                for name in ids
            ]
        ),
        splits=splits,
        levels=levels,
        read_pictures=None,
        omissions=(),
    )


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A folder of 3 classes of 12 pictures in two splits, and embeddings of them."""
    root = tmp_path_factory.mktemp("scenes")
    ids, classes = [], []
    for name, colour in COLOURS.items():
        for number in range(12):
            path = root / ("train" if number < 9 else "test") / name / f"{number:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 14), colour).save(path)
            ids.append(str(path.relative_to(root)))
            classes.append(name)
    return file_of(clouds(classes, spread=0.5), ids, classes, root)


@pytest.fixture(scope="session")
def scenes_after(scenes):
    """The same pictures in another order, by an encoder that tells the classes apart better."""
    classes = [scenes.class_names[label] for label in scenes.labels]
    vectors = clouds(classes, seed=1, spread=0.1, dimension=4)
    order = np.random.default_rng(0).permutation(len(classes))
    ids = [scenes.ids[row] for row in order]
    return file_of(vectors[order], ids, [classes[row] for row in order], scenes.root, "e2")
