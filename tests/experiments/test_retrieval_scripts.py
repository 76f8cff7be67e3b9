"""embed.py, retrieve.py and retrieval_table.py from the command line to their files."""

import json
import os
import shutil

import pytest

from simclr_tf.encoders import build_encoder
from simclr_tf.retrieval import read_embeddings
from tests.conftest import make_class_folders
from tests.experiments.conftest import run_script, succeeded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retrieval")
    make_class_folders(folder / "gallery", num_classes=3, pictures_per_class=6, size=8)
    (folder / "encoder").mkdir()
    build_encoder("resnet10", image_size=8, width=0.125).save(folder / "encoder/encoder.keras")
    return folder


def test_embedding_again_embeds_only_what_changed(folder):
    shutil.copytree(folder / "gallery", folder / "mine")
    (folder / "mine/class_0/broken.png").write_bytes(b"no picture")
    arguments = ("--encoder_dir=encoder", "--data_dir=mine", "--output_dir=embedded")
    printed = succeeded(folder, "embed", *arguments, "--dtype=float16", "--flip_average")
    assert "mine: 18 embeddings; 18 new, 0 kept, 0 gone, 1 pictures skipped" in printed
    embeddings = read_embeddings(folder / "embedded/embeddings.npz")
    assert str(embeddings.embeddings.dtype) == "float16"
    assert embeddings.ids[0] == "class_0/000.png" and embeddings.labels.tolist()[-1] == 2
    assert "class_0/broken.png" in (folder / "embedded/embeddings_skipped.csv").read_text()
    (folder / "mine/class_0/000.png").unlink()
    shutil.move(folder / "mine/class_1/000.png", folder / "mine/class_2/moved.png")
    shutil.copy(folder / "gallery/class_1/001.png", folder / "mine/class_2/001.png")
    printed = succeeded(folder, "embed", *arguments, "--dtype=float16", "--flip_average")
    # Moved pictures and copies have known contents.
    assert "mine: 17 embeddings; 0 new, 17 kept, 2 gone, 1 pictures skipped" in printed
    refused = run_script(folder, "embed", *arguments)
    assert refused.returncode == 2
    assert "holds embeddings of another encoder" in refused.stderr


def test_retrieval_writes_results_panels_and_figures(folder):
    arguments = ("--encoder_dir=encoder", "--gallery_dir=gallery", "--output_dir=found")
    printed = succeeded(folder, "retrieve", *arguments, "--top_k=3", "--panels=2")
    results = json.loads((folder / "found/results.json").read_text())
    assert len(results) == 18
    assert all(len(set(found)) == 3 and name not in found for name, found in results.items())
    metrics = json.loads((folder / "found/metrics.json").read_text())
    assert {"top_1", "top_3", "top_5", "map_at_r", "per_class"} <= set(metrics)
    assert f"top_1 {100 * metrics['top_1']:.1f} %" in printed
    for name in ("results.csv", "panels.png", "gallery.index", "gallery.npz"):
        assert (folder / "found" / name).stat().st_size > 0
    one = succeeded(folder, "retrieve", *arguments, "--top_k=2", "--query=gallery/class_1/002.png")
    assert "gallery: 18 embeddings; 0 new, 18 kept" in one
    results = json.loads((folder / "found/results.json").read_text())
    assert list(results) == ["002.png"] and "class_1/002.png" not in results["002.png"]


@pytest.mark.parametrize(
    ("model_type", "message"),
    [
        ("vgg", "`model_type` must be one of: simclr, supcon-tuned, facenet, imagenet"),
        ("simclr", "`weights` must be given for model_type simclr: the run folder or encoder of"),
        ("facenet", "`weights` must be given for model_type facenet: a face model"),
    ],
)
def test_what_a_kind_of_encoder_needs_is_told_in_one_line(folder, model_type, message):
    arguments = ("--gallery_dir=gallery", f"--model_type={model_type}")
    done = run_script(folder, "retrieve", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line


def test_a_competition_folder_is_searched_by_one_kind_of_encoder_after_another(folder):
    shutil.copytree(folder / "gallery", folder / "challenge/test/gallery")
    (folder / "challenge/test/query").mkdir()
    for number in range(2):
        source = folder / f"gallery/class_{number}/000.png"
        shutil.copy(source, folder / f"challenge/test/query/q{number}.png")
    arguments = ("--custom_dataset=challenge", "--top_k=2", "--output_dir=submission")
    kind = ("--model_type=simclr", "--weights=encoder")
    succeeded(folder, "retrieve", *arguments, *kind)
    results = json.loads((folder / "submission/results.json").read_text())
    # Copies of gallery pictures under other names find those.
    assert list(results) == ["q0.png", "q1.png"]
    assert [found[0] for found in results.values()] == ["class_0/000.png", "class_1/000.png"]
    refused = run_script(folder, "retrieve", *arguments, "--model_type=pixels", "--image_size=8")
    assert refused.returncode == 2 and "embeddings of another encoder" in refused.stderr
    succeeded(
        folder, "retrieve", *arguments, "--model_type=pixels", "--image_size=8", "--overwrite"
    )
    again = json.loads((folder / "submission/results.json").read_text())
    assert [found[0] for found in again.values()] == ["class_0/000.png", "class_1/000.png"]


def test_a_table_compares_kinds_of_encoders(folder):
    arguments = ("--data_dirs=gallery", "--encoders=pixels,simclr=encoder", "--seeds=2")
    printed = succeeded(folder, "retrieval_table", *arguments, "--resamples=10")
    assert (
        "| gallery | 3 | pixels | 32 | " in printed and "| gallery | 3 | simclr | 8 | " in printed
    )
    rows = json.loads((folder / "retrieval_table/retrieval_table.json").read_text())["rows"]
    assert [row["encoder"] for row in rows] == ["pixels", "simclr"]
    assert rows[0]["queries"] == 9


def test_runs_of_each_folder_are_joined_and_what_they_have_seen_is_told(folder):
    for seed in (0, 1):
        version = folder / f"runs/gallery/version_{seed}"
        version.mkdir(parents=True)
        (version / "config.json").write_text(json.dumps({"data_dir": "./gallery/"}))
        build_encoder("resnet10", image_size=8, width=0.125).save(version / "encoder.keras")
    arguments = (
        "--data_dirs=gallery",
        "--encoders=pixels,Mine:simclr=runs/{data}/version_*",
        *("--seeds=2", "--resamples=10", "--output_dir=runs_table"),
    )
    seen = "Mine was trained on pictures of gallery, and queries are among them."
    printed = succeeded(folder, "retrieval_table", *arguments)
    assert "| gallery | 3 | Mine, 2 runs | 8 | " in printed and seen in printed
    rows = json.loads((folder / "runs_table/retrieval_table.json").read_text())["rows"]
    assert [len(row["sources"]) for row in rows] == [1, 2]
    held_out = succeeded(folder, "retrieval_table", *arguments, "--held_out")
    assert "held-out test pictures" in held_out and seen not in held_out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--data_dirs=gallery", "--encoders=simclr=runs/{data}_none/*"],
            "Received: runs/gallery_none/*, which matches none",
        ),
        (["--data_dirs=gallery", "--encoders=simclr"], "`weights` must be given for model_type"),
        (["--data_dirs=gallery", "--encoders=pixels,pixels"], "`encoders` must all differ"),
        (["--data_dirs=gallery", "--query_fraction=1"], "`query_fraction` must be greater than 0"),
        (["--data_dirs=nowhere"], "`data_dir` must be an existing folder"),
    ],
)
def test_a_mistake_in_the_table_is_answered_in_one_line(folder, arguments, message):
    done = run_script(folder, "retrieval_table", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line


def test_a_picture_whose_name_is_not_utf_8_is_found_and_printed(folder):
    (folder / "odd").mkdir()
    for number, name in enumerate([b"a.png", b"caf\xe9.png", b"z.png"]):
        source = folder / f"gallery/class_{number}/000.png"
        shutil.copy(source, os.fsencode(folder) + b"/odd/" + name)
    (folder / os.fsdecode(b"odd/bro\xe9.png")).write_bytes(b"no picture")
    arguments = ("--encoder_dir=encoder", "--gallery_dir=odd", "--query=odd/a.png", "--top_k=2")
    assert "caf\\udce9.png" in succeeded(folder, "retrieve", *arguments)
    assert b"bro\xe9.png" in (folder / "retrieved/gallery_skipped.csv").read_bytes()
    assert b"caf\xe9.png" in (folder / "retrieved/results.csv").read_bytes()


def test_pictures_that_are_left_out_are_told(folder):
    for name in ("train/apples", "test"):
        (folder / "split" / name).mkdir(parents=True)
        shutil.copy(folder / "gallery/class_0/000.png", folder / "split" / name)
    arguments = ("--encoder_dir=encoder", "--data_dir=split", "--output_dir=left_out")
    done = run_script(folder, "embed", *arguments)
    assert "split: 1 embeddings" in done.stdout
    assert "Warning: 1 pictures of the validation and test folders lie in no class" in done.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("embed", ["--encoder_dir=none", "--data_dir=gallery"], "`encoder_dir` must be a .keras"),
        ("embed", ["--encoder_dir=encoder", "--data_dir=none"], "`data_dir` must be an existing"),
        ("embed", [], "Exactly one of `data_dir` and `dataset` must be given"),
        ("embed", ["--encoder_dir=encoder", "--dtype=int8"], "`dtype` must be one of: float32"),
        ("retrieve", ["--gallery_dir=encoder"], "`gallery_dir` must hold pictures: no file below"),
        (
            "retrieve",
            ["--gallery_dir=gallery", "--query_dir=none"],
            "`query_dir` must be an existing folder. Received: query_dir='none'",
        ),
        ("retrieve", ["--gallery_dir=gallery", "--engine=x"], "`engine` must be one of: exact"),
        ("retrieve", ["--gallery_dir=gallery", "--top_k=0"], "`top_k` must be at least 1"),
        ("retrieve", ["--gallery_dir=gallery", "--image_size=16"], "`image_size` must be 8"),
        ("retrieve", ["--gallery_dir=gallery", "--query=x.png"], "`query` must be a picture"),
        ("retrieve", ["--gallery_dir=gallery", "--query=x", "--query_dir=y"], "Only one of"),
        ("retrieve", [], "One of `gallery_dir` and `custom_dataset` must be given"),
        ("retrieve", ["--custom_dataset=gallery"], "must be a folder with query/ and gallery/"),
        ("retrieve", ["--custom_dataset=x", "--gallery_dir=y"], "only without `gallery_dir`"),
        ("embed", ["--data_dir=gallery", "--model_type=pixels"], "Exactly one of `encoder_dir`"),
        ("embed", ["--data_dir=gallery", "--weights=x"], "only with `model_type`"),
        ("embed", ["--data_dir=gallery", "--frozen_scaling=x"], "`frozen_scaling` must be one of"),
        ("embed", ["--data_dir=gallery", "--frozen_scaling=caffe"], "are for model files"),
    ],
)
def test_a_mistake_is_answered_in_one_line_without_tensorflow(folder, script, arguments, message):
    done = run_script(folder, script, "--encoder_dir=encoder", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line
