"""analyse.py from the command line to its report."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from simclr_tf.retrieval import Embeddings, write_embeddings
from tests.conftest import make_class_folders
from tests.experiments.conftest import ROOT, command, run_script, succeeded


def embeddings_of(root, encoder, seed, prefix=""):
    ids = tuple(prefix + str(path.relative_to(root)) for path in sorted(root.rglob("*.png")))
    labels = np.array([int(name.removeprefix(prefix)[6]) for name in ids], np.int32)
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(3, 8))
    return Embeddings(
        embeddings=(centres[labels] + generator.normal(size=(len(ids), 8))).astype(np.float32),
        ids=ids,
        labels=labels,
        class_names=("class_0", "class_1", "class_2"),
        sha256=np.random.default_rng(9).integers(0, 256, (len(ids), 32), np.uint8),
        encoder=encoder,
        root=str(root),
        description={"source": "colours"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyse")
    root = make_class_folders(folder / "pictures", num_classes=3, pictures_per_class=8, size=8)
    (folder / "before").mkdir()
    write_embeddings(folder / "before/embeddings.npz", embeddings_of(root, "e1", 0))
    write_embeddings(folder / "after.npz", embeddings_of(root, "e2", 1))
    write_embeddings(folder / "other.npz", embeddings_of(root, "e2", 1, prefix="x"))
    (folder / "text.npz").write_text("no embeddings")
    return folder


@pytest.mark.slow
def test_two_files_become_a_report(folder):
    arguments = ("--embeddings=before", "--after=after.npz", "--output_dir=out", "--resamples=10")
    printed = succeeded(folder, "analyse", *arguments, "--thumbnails", "--projector")
    result = json.loads((folder / "out/analysis.json").read_text())
    before = result["embeddings"]["before"]["retrieval"]["top_1"]
    assert f"before: top_1 {100 * before:.1f} %" in printed
    assert "Left out: " in printed and "Report: out/report.html" in printed
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"report.html", "map.png", "map_pictures.png", "projector", "copies.csv"} <= names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--embeddings=none.npz"], "`embeddings` must be a file of embed.py, or a folder"),
        (["--embeddings=pictures"], "`embeddings` must be a file of embed.py, or a folder"),
        (["--embeddings=text.npz"], "must be a file of embeddings that is whole"),
        (["--embeddings=before", "--after=none"], "`after` must be a file of embed.py"),
        (["--embeddings=before", "--map_method=mds"], "`map_method` must be one of: t-sne, umap"),
        (["--embeddings=before", "--data_dir=none"], "`data_dir` must be an existing folder"),
        (
            ["--embeddings=before", "--data_dir=pictures", "--dataset=symbols"],
            "Only one of `data_dir` and `dataset`",
        ),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_nothing_is_written(folder, arguments, message):
    done = run_script(folder, "analyse", *arguments, "--output_dir=mistake")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line
    assert not (folder / "mistake").exists()


@pytest.mark.slow
def test_files_of_other_pictures_are_refused_in_one_line(folder):
    arguments = ("--embeddings=before", "--after=other.npz", "--output_dir=mistake")
    done = run_script(folder, "analyse", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "`after` must hold the same pictures" in line
    assert not (folder / "mistake").exists()


def test_help_lists_the_flags_without_importing_tensorflow(tmp_path):
    _, *rest = command("analyse", "--help")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *rest],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "absl.flags" in imported
    assert not imported & {"tensorflow", "keras", "sklearn", "matplotlib.figure", "faiss"}
    for flag in ("--embeddings: ", "--after: ", "--[no]thumbnails: ", "--false_accept_rate: "):
        assert flag in done.stdout
