import csv
import dataclasses
import html.parser
import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from simclr_tf.protocols import analyse
from simclr_tf.protocols.analysis.figures import FIGURES
from simclr_tf.retrieval import read_embeddings, write_embeddings
from tests.protocols.analysis.conftest import SETTINGS, clouds, file_of


class Page(html.parser.HTMLParser):
    """What a page holds: its texts, the addresses it names and whether its tags match."""

    ALONE = ("meta", "img", "wbr")

    def __init__(self, text):
        super().__init__()
        self.texts, self.addresses, self.open, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page_of(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def left_out(result):
    return {entry["part"]: entry["reason"] for entry in result["left_out"]}


@pytest.fixture(scope="module")
def compared(scenes, scenes_after, tmp_path_factory):
    """The report of two embeddings with everything on, and the result."""
    output = tmp_path_factory.mktemp("compared")
    settings = dataclasses.replace(SETTINGS, thumbnails=True, projector=True)
    return output, analyse({"before": scenes, "after": scenes_after}, output, settings)


def test_every_figure_and_table_is_written(compared):
    output, _ = compared
    assert not (output / "map_coarse.png").exists()
    for name in set(FIGURES) - {"map_coarse.png"}:
        with Image.open(output / name) as figure:
            assert figure.format == "PNG" and figure.width > 800
    for name in ("report.html", "analysis.json", "map.csv", "copies.csv", "outliers.csv"):
        assert (output / name).stat().st_size > 0
    assert not [path for path in output.iterdir() if path.name.endswith(".tmp")]


def test_the_json_is_what_is_returned_and_holds_the_figures(compared):
    output, result = compared
    stored = json.loads((output / "analysis.json").read_text())
    assert stored["pictures"] == 36
    assert stored["classes"] == {"forest": 12, "sea": 12, "street": 12}
    assert stored["settings"]["seed"] == 0
    before, after = (stored["embeddings"][name] for name in ("before", "after"))
    assert after["retrieval"]["top_1"] >= before["retrieval"]["top_1"]
    assert after["retrieval"]["top_1"] == result["embeddings"]["after"]["retrieval"]["top_1"]
    for figures in (before, after):
        assert -8 <= figures["uniformity"] <= 0
        assert np.shape(figures["class_similarity"]["mean_cosines"]) == (3, 3)
        assert {line["method"] for line in figures["clusters"]} == {"k-means", "agglomerative"}
        assert 0 <= figures["same_or_different"]["area_under_roc"] <= 1
    assert stored["sources"]["after"]["encoder"] == "e2"


def test_the_page_needs_nothing_but_itself(compared):
    output, _ = compared
    page = page_of(output)
    assert page.open == [] and page.tags.count("img") > 10
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not {"script", "link", "iframe"} & set(page.tags)
    text = (output / "report.html").read_text()
    assert not re.search(r"https?://|@import|url\(", text)


def test_the_page_says_what_was_found(compared):
    output, result = compared
    text = page_of(output).text
    top_1 = [result["embeddings"][name]["retrieval"]["top_1"] for name in ("before", "after")]
    assert f"{100 * top_1[0]:.1f} % of the pictures before and {100 * top_1[1]:.1f} % after" in text
    for heading in ("Maps", "Classes", "Same class or not?", "Clusters", "Copies", "Outliers"):
        assert heading in text
    assert "Left out" in text and "Coarse and fine classes" in text


def test_the_map_table_holds_all_coordinates(compared):
    output, _ = compared
    with open(output / "map.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 36 and lines[0]["class"] == "sea"
    assert {"before_tsne_x", "before_pca_y", "after_tsne_y"} <= set(lines[0])


def test_the_same_files_give_the_same_page(compared, scenes, scenes_after, tmp_path):
    output, _ = compared
    settings = dataclasses.replace(SETTINGS, thumbnails=True, projector=True)
    analyse({"before": scenes, "after": scenes_after}, tmp_path, settings)
    for name in ("report.html", "analysis.json", "map.png"):
        assert (tmp_path / name).read_bytes() == (output / name).read_bytes()


def test_without_labels_the_other_parts_are_done_and_it_says_so(scenes, tmp_path):
    unlabelled = dataclasses.replace(scenes, labels=np.full(36, -1, np.int32), class_names=())
    (tmp_path / "class_accuracy.png").write_bytes(b"of an earlier analysis")
    result = analyse({"embedding": unlabelled}, tmp_path, SETTINGS)
    assert any("no labels" in reason for reason in left_out(result).values())
    figures = result["embeddings"]["embedding"]
    assert figures["retrieval"] is None and figures["same_or_different"] is None
    assert figures["uniformity"] < 0 and len(result["outliers"]) == 4
    assert (tmp_path / "map.png").is_file() and not (tmp_path / "class_accuracy.png").exists()
    text = page_of(tmp_path).text
    assert "Without classes" in text and "The embeddings have no labels." in text


def test_pictures_without_a_label_beside_others_are_counted(scenes, tmp_path):
    labels = scenes.labels.copy()
    labels[:5] = -1
    result = analyse({"embedding": dataclasses.replace(scenes, labels=labels)}, tmp_path, SETTINGS)
    assert "have no label" in left_out(result)["5 pictures"]
    assert result["embeddings"]["embedding"]["retrieval"]["queries"] == 31


def test_pictures_that_are_gone_are_replaced_and_counted(scenes, tmp_path):
    shutil.copytree(scenes.root, tmp_path / "moved")
    moved = dataclasses.replace(scenes, root=str(tmp_path / "moved"))
    for path in (tmp_path / "moved/train/sea").iterdir():
        path.unlink()
    settings = dataclasses.replace(SETTINGS, examples=100)
    result = analyse({"embedding": moved}, tmp_path / "out", settings)
    (part, reason) = next(item for item in left_out(result).items() if "in this report" in item[0])
    assert part == "9 pictures in this report"
    assert "No such file" in reason and "8 more" in reason
    assert reason in page_of(tmp_path / "out").text


def test_pictures_of_a_data_set_are_named_only_or_given(tmp_path):
    ids = [f"numbers/train/{number:05d}" for number in range(12)]
    classes = ["odd", "even"] * 6
    file = file_of(clouds(classes), ids, classes)
    result = analyse({"embedding": file}, tmp_path, SETTINGS)
    assert "data set" in left_out(result)["pictures in this report"]
    asked = []

    def read(names, size, mode):
        asked.extend(names)
        return (np.zeros((size, size, 3), np.uint8) for _ in names)

    result = analyse({"embedding": file}, tmp_path, SETTINGS, read_pictures=read)
    assert "pictures in this report" not in left_out(result)
    assert set(asked) <= set(ids) and asked


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", "${title}", "\udcff$\\x"])
def test_names_are_shown_as_they_are(tmp_path, name):
    ids = [f"{name.replace('/', '')}{number}.png" for number in range(8)]
    classes = [name, "b"] * 4
    file = file_of(clouds(classes, spread=3.0), ids, classes, tmp_path, source=name)
    analyse({"embedding": file}, tmp_path / "out", SETTINGS)
    page = page_of(tmp_path / "out")
    assert name.encode("utf-8", "replace").decode() in page.text
    assert "script" not in page.tags


@pytest.mark.parametrize(
    ("classes", "part"),
    [
        (["a"] * 4, "likeness of classes, confusions, clusters"),
        (["a", "b", "c", "d"], "accuracy of the classes"),
        (["a", "a", "b", "b"], "the threshold"),
    ],
)
def test_what_few_pictures_cannot_show_is_left_out(tmp_path, classes, part):
    ids = [f"{number}.png" for number in range(4)]
    file = file_of(clouds(classes), ids, classes, tmp_path)
    assert part in left_out(analyse({"embedding": file}, tmp_path / "out", SETTINGS))
    page_of(tmp_path / "out")


def test_a_hierarchy_of_folders_is_measured_coarse_and_fine(tmp_path):
    branches = ["fruit/apple", "fruit/pear", "milk/oat", "milk/soy"] * 5
    ids = [f"{branch}/{number}.png" for number, branch in enumerate(branches)]
    file = file_of(clouds(branches), ids, [b.split("/")[0] for b in branches], tmp_path)
    result = analyse({"embedding": file}, tmp_path / "out", SETTINGS)
    levels = result["embeddings"]["embedding"]["levels"]
    assert [(line["level"], line["classes"]) for line in levels] == [("coarse", 2), ("fine", 4)]
    assert "coarse and fine classes" not in left_out(result)
    assert "Coarse and fine classes" in page_of(tmp_path / "out").text
    assert (tmp_path / "out/map_coarse.png").is_file()


def test_embeddings_that_are_all_alike_are_analysed(tmp_path):
    classes = ["a", "b"] * 4
    ids = [f"{number}.png" for number in range(8)]
    file = file_of(np.ones((8, 4)), ids, classes, tmp_path)
    result = analyse({"embedding": file}, tmp_path / "out", SETTINGS)
    assert result["embeddings"]["embedding"]["retrieval"]["top_1"] == 0
    assert result["copies"]["near"]["pictures"] == 8


def test_files_from_the_disk_are_named_in_the_report(scenes, tmp_path):
    write_embeddings(tmp_path / "scenes.npz", scenes)
    file = read_embeddings(tmp_path / "scenes.npz")
    result = analyse({"embedding": file}, tmp_path / "out", SETTINGS)
    assert result["sources"]["embedding"]["file"] == os.fspath(tmp_path / "scenes.npz")


@pytest.mark.parametrize("count", [0, 3])
def test_one_or_two_files_are_taken(scenes, tmp_path, count):
    files = {str(number): scenes for number in range(count)}
    with pytest.raises(ValueError, match=r"`len\(files\)` must be between 1 and 2"):
        analyse(files, tmp_path)
