import dataclasses
import os

import numpy as np
import pytest
from PIL import Image

from simclr_tf.boxes import Detections
from simclr_tf.data import UnreadablePicture, load_pictures
from simclr_tf.data.drawings import (
    HardNegativeSettings,
    find_false_alarms,
    write_hard_negatives,
)
from simclr_tf.data.drawings.crop_files import CORNERS, read_crop_table
from tests.data.drawings.drawn import BOXES, drawn_drawing, drawn_page

SETTINGS = HardNegativeSettings(margin=0.0)
ALARM, OTHER = [70, 70, 82, 82], [80, 0, 100, 20]


def found_of(*boxes_and_scores):
    boxes = [box for box, _ in boxes_and_scores]
    scores = [score for _, score in boxes_and_scores]
    return Detections(
        np.array(boxes, float).reshape(-1, 4), np.zeros(len(boxes), int), np.array(scores, float)
    )


def alarms_of(*boxes_and_scores, settings=SETTINGS):
    alarms = find_false_alarms(found_of(*boxes_and_scores), np.array(BOXES, float), settings)
    return alarms.boxes.tolist(), alarms.scores.tolist()


def page_of(number=0):
    return drawn_page(number), drawn_drawing(path=f"plans/{number}.png")


# === Which detections are false alarms ===


def test_what_overlaps_no_symbol_is_a_false_alarm_most_confident_first():
    assert alarms_of((ALARM, 0.4), (OTHER, 0.9)) == ([OTHER, ALARM], [0.9, 0.4])


@pytest.mark.parametrize(
    "box",
    [
        BOXES[0],
        # 12 x 12 of 20 x 20 pixels each: 144 / 656 = .22 of their union.
        [18, 18, 38, 38],
        # A small symbol within: 64 of 1600 pixels.
        [30, 50, 70, 90],
    ],
)
def test_a_symbol_found_badly_or_by_another_name_is_no_background(box):
    assert alarms_of((box, 0.9), (ALARM, 0.1))[0] == [ALARM]


def test_a_little_overlap_is_still_a_false_alarm():
    # 5 x 5 of 400 + 400 - 25 pixels: .03.
    assert alarms_of(([25, 25, 45, 45], 0.9))[1] == [0.9]


def test_of_two_in_one_place_the_most_confident_stays():
    moved = [71, 70, 83, 82]
    # 11 / 13 of their union is common.
    assert alarms_of((ALARM, 0.5), (moved, 0.6))[0] == [moved]
    loose = dataclasses.replace(SETTINGS, duplicate_iou=0.9)
    assert len(alarms_of((ALARM, 0.5), (moved, 0.6), settings=loose)[0]) == 2


def test_less_confident_ones_are_left_out():
    strict = dataclasses.replace(SETTINGS, least_score=0.5)
    assert alarms_of((ALARM, 0.4), (OTHER, 0.5), settings=strict)[0] == [OTHER]


def test_a_page_without_symbols_has_false_alarms_alone():
    alarms = find_false_alarms(found_of((ALARM, 0.4)), np.zeros((0, 4)))
    assert alarms.boxes.tolist() == [ALARM]


@pytest.mark.parametrize(
    ("boxes", "labels", "scores"),
    [([ALARM], [0], [np.nan]), ([ALARM], [0], [0.1, 0.2]), ([ALARM], [], [0.1])],
)
def test_detections_without_a_score_each_are_refused(boxes, labels, scores):
    found = Detections(np.array(boxes, float), np.array(labels), np.array(scores))
    with pytest.raises(ValueError, match="`detections` must have a label and a finite score for"):
        find_false_alarms(found, np.zeros((0, 4)))


# === Rounds ===


def test_a_round_writes_the_crops_of_all_pages_most_confident_first(tmp_path):
    detections = [found_of((ALARM, 0.4), (BOXES[0], 1.0)), found_of((ALARM, 0.3), (OTHER, 0.9))]
    report = write_hard_negatives(tmp_path, [page_of(0), page_of(1)], detections, SETTINGS)
    assert (report.folder, report.written, report.known) == (tmp_path / "round_1", 3, 0)
    rows = read_crop_table(report.folder)
    assert [(row["file"], row["page"], float(row["score"])) for row in rows] == [
        ("00000.png", "plans/1.png", 0.9),
        ("00001.png", "plans/0.png", 0.4),
        ("00002.png", "plans/1.png", 0.3),
    ]
    picture = np.asarray(Image.open(report.folder / "00001.png"))
    np.testing.assert_array_equal(picture, drawn_page(0)[70:82, 70:82])


def test_the_folder_of_all_rounds_is_a_folder_of_pictures(tmp_path):
    write_hard_negatives(tmp_path, [page_of(0)], [found_of((ALARM, 0.4))], SETTINGS)
    write_hard_negatives(tmp_path, [page_of(0)], [found_of((OTHER, 0.4))], SETTINGS)
    splits = load_pictures(tmp_path, image_size=8, validation_fraction=0, test_fraction=0)
    assert splits.train.ids == ("round_1/00000.png", "round_2/00000.png")


def test_what_an_earlier_round_holds_is_left_out(tmp_path):
    pages = [page_of(0), page_of(1)]
    first = [found_of((ALARM, 0.4)), found_of()]
    write_hard_negatives(tmp_path, pages, first, SETTINGS)
    moved = [71, 70, 83, 82]
    second = [found_of((moved, 0.9), (OTHER, 0.2)), found_of((ALARM, 0.1))]
    report = write_hard_negatives(tmp_path, pages, second, SETTINGS)
    # The same place of the same page is known; of the other page it is new.
    assert (report.written, report.known) == (2, 1)
    rows = read_crop_table(tmp_path / "round_2")
    assert [row["page"] for row in rows] == ["plans/0.png", "plans/1.png"]


def test_equal_pixels_are_written_once(tmp_path):
    page, drawing = page_of(0)
    pages = [(page, drawing), (page, dataclasses.replace(drawing, path="plans/copy.png"))]
    both = [found_of((ALARM, 0.4)), found_of((ALARM, 0.7))]
    report = write_hard_negatives(tmp_path, pages, both, SETTINGS)
    assert (report.written, report.known) == (1, 1)
    assert read_crop_table(report.folder)[0]["page"] == "plans/copy.png"


def test_a_round_without_anything_new_writes_nothing(tmp_path):
    root = tmp_path / "negatives"
    report = write_hard_negatives(root, [page_of(0)], [found_of((BOXES[0], 0.9))], SETTINGS)
    assert (report.folder, report.written) == (None, 0)
    assert not root.exists()


def test_limits_keep_the_most_confident(tmp_path):
    detections = [
        found_of((ALARM, 0.4), (OTHER, 0.5)),
        found_of((ALARM, 0.6), (OTHER, 0.7)),
    ]
    limits = dataclasses.replace(SETTINGS, per_page=1)
    write_hard_negatives(tmp_path / "a", [page_of(0), page_of(1)], detections, limits)
    rows = read_crop_table(tmp_path / "a/round_1")
    assert [float(row["score"]) for row in rows] == [0.7, 0.5]
    limits = dataclasses.replace(SETTINGS, per_round=3)
    write_hard_negatives(tmp_path / "b", [page_of(0), page_of(1)], detections, limits)
    rows = read_crop_table(tmp_path / "b/round_1")
    assert [float(row["score"]) for row in rows] == [0.7, 0.6, 0.5]


def test_a_margin_that_shows_a_symbol_makes_no_negative(tmp_path):
    beside = [60, 60, 68, 68]
    wide = dataclasses.replace(SETTINGS, margin=1.0)
    # 8 pixels more on each side hold the symbol of 50..58 whole but for two columns.
    report = write_hard_negatives(tmp_path, [page_of(0)], [found_of((beside, 0.9))], wide)
    assert report.written == 0
    report = write_hard_negatives(tmp_path, [page_of(0)], [found_of((beside, 0.9))], SETTINGS)
    assert report.written == 1


def test_only_pages_with_a_false_alarm_are_read(tmp_path):
    def unreadable():
        raise UnreadablePicture("the file is empty")

    pages = [(unreadable, drawn_drawing(path="plans/bad.png")), page_of(1)]
    report = write_hard_negatives(tmp_path, pages, [found_of(), found_of((ALARM, 0.2))], SETTINGS)
    assert (report.written, report.skipped) == (1, ())
    both = [found_of((ALARM, 0.9)), found_of((OTHER, 0.2))]
    report = write_hard_negatives(tmp_path, pages, both, SETTINGS)
    assert report.written == 1
    assert [(picture.path, picture.reason) for picture in report.skipped] == [
        ("plans/bad.png", "the file is empty")
    ]


def test_a_detection_beside_the_page_is_named_and_one_over_its_edge_is_clipped(tmp_path):
    found = found_of(([130, 10, 140, 20], 0.9), ([110, 70, 130, 90], 0.5))
    report = write_hard_negatives(tmp_path, [page_of(0)], [found], SETTINGS)
    (skipped,) = report.skipped
    assert skipped.reason == "the detection [130, 10, 140, 20] has no area on the page of 120 x 90"
    (row,) = read_crop_table(report.folder)
    # 110..120 is 10 wide, 70..90 is 20 high: 20 pixels about 115.
    assert [int(row[name]) for name in CORNERS] == [105, 70, 125, 90]


def test_a_stop_within_leaves_the_rounds_before(tmp_path, monkeypatch):
    write_hard_negatives(tmp_path, [page_of(0)], [found_of((ALARM, 0.4))], SETTINGS)

    def stop(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_hard_negatives(tmp_path, [page_of(0)], [found_of((OTHER, 0.4))], SETTINGS)
    assert os.listdir(tmp_path) == ["round_1"]


def test_detections_that_do_not_fit_the_pages_are_refused(tmp_path):
    with pytest.raises(ValueError, match="an entry for each of the pages. Received: 0 for 1 pages"):
        write_hard_negatives(tmp_path, [page_of(0)], [], SETTINGS)
    turned = found_of(([9, 9, 5, 5], 0.5))
    with pytest.raises(ValueError, match=r"plans/0.png: `detections.boxes` must be finite"):
        write_hard_negatives(tmp_path, [page_of(0)], [turned], SETTINGS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin", 3.0),
        ("largest_iou", 1.1),
        ("duplicate_iou", -0.1),
        ("per_page", 0),
        ("per_round", 0),
    ],
)
def test_a_setting_that_is_not_accepted_is_named(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}={value}"):
        HardNegativeSettings(**{name: value})
