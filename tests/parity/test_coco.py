"""Average precision against pycocotools; see make_coco_golden.py."""

import pathlib
from types import SimpleNamespace

import numpy as np
import pytest

from simclr_tf.boxes import Detections
from simclr_tf.metrics import evaluate_detections

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "coco.npz")
CASES = sorted({name.split("/")[0] for name in GOLDEN})


def report_of(case):
    truth, found = GOLDEN[f"{case}/truth"], GOLDEN[f"{case}/found"]
    pages = range(GOLDEN[f"{case}/pages"])
    true_pages = [truth[truth[:, 0] == page] for page in pages]
    found_pages = [found[found[:, 0] == page] for page in pages]
    return evaluate_detections(
        [SimpleNamespace(boxes=rows[:, 2:], labels=rows[:, 1].astype(int)) for rows in true_pages],
        [Detections(rows[:, 3:], rows[:, 1].astype(int), rows[:, 2]) for rows in found_pages],
    )


def test_there_are_golden_cases():
    assert len(CASES) == 11


@pytest.mark.parametrize("case", CASES)
def test_average_precision_of_every_class_and_threshold_is_the_same(case):
    report = report_of(case)
    np.testing.assert_array_equal(report.labels, GOLDEN[f"{case}/classes"])
    got = np.nan_to_num(report.average_precision, nan=-1)
    np.testing.assert_allclose(got, GOLDEN[f"{case}/average_precision"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_recall_of_every_class_and_threshold_is_the_same(case):
    got = np.nan_to_num(report_of(case).recall, nan=-1)
    np.testing.assert_allclose(got, GOLDEN[f"{case}/recall"], rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_means_are_the_same(case):
    report = report_of(case)
    got = [report.map_50_95, report.map_50, report.map_75, report.average_recall]
    np.testing.assert_allclose(got, GOLDEN[f"{case}/stats"], rtol=1e-12, atol=1e-12)
