import fcntl
import gc
import json
import os
import pathlib

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True, scope="session")
def cache_outside_home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMCLR_TF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="module")
def collected_once():
    """Takes what a module leaves behind for good, which every later collection would go through.

    Compiled programs stay; searching them again and again took a tenth of the time of all tests.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """The folder that all processes of this test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def once(shared_folder):
    """`once(name, make)`: what `make()` returned, as JSON keeps it, in whichever process it ran."""

    def made(name, make):
        kept = shared_folder / f"{name}.json"
        with open(shared_folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.is_file():
                kept.write_text(json.dumps(make()))
        return json.loads(kept.read_text())

    return made


@pytest.fixture(scope="session")
def pictures_dir():
    """The folder of real pictures; tests that use it carry the marker `real`."""
    folder = os.environ.get("SIMCLR_TF_PICTURES")
    if not folder:
        pytest.skip("SIMCLR_TF_PICTURES does not name the folder of real pictures")
    return pathlib.Path(folder)


def make_class_folders(root, num_classes=4, pictures_per_class=30, size=16, seed=0):
    """Writes PNG pictures whose mean colour tells the class; returns `root`."""
    generator = np.random.default_rng(seed)
    for label in range(num_classes):
        folder = root / f"class_{label}"
        folder.mkdir(parents=True)
        colour = np.random.default_rng([seed, label]).integers(60, 196, 3)
        for number in range(pictures_per_class):
            noise = generator.integers(-60, 60, (size, size, 3))
            picture = np.clip(colour + noise, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / f"{number:03d}.png")
    return root


@pytest.fixture(scope="session")
def class_folders(tmp_path_factory):
    """Four class folders of 30 PNG pictures of 16 x 16 pixels; not to be changed."""
    return make_class_folders(tmp_path_factory.mktemp("pictures") / "colours")
