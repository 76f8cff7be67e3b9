"""Writes golden/coco.npz: average precision and recall as pycocotools computes them.

Made with pycocotools 2.0.11 and NumPy 2.4.6:

    pip install pycocotools
    python tests/parity/make_coco_golden.py

Arrays of each case: `CASE/truth` float64 `[g, 6]` with page, label and box; `CASE/found` float64
`[d, 7]` with page, label, score and box; `CASE/pages` how many there are; `CASE/classes` int64
`[K]`; `CASE/average_precision` and `CASE/recall` float64 `[K, 10]`, -1 for a class without true
boxes; `CASE/stats`: AP, AP at 0.5, AP at 0.75 and average recall with 100 boxes. Boxes are
`[x_min, y_min, x_max, y_max]` in quarters of a pixel, so that nothing is rounded.
"""

import contextlib
import io
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

GOLDEN = pathlib.Path(__file__).parent / "golden" / "coco.npz"


def draw_boxes(generator, count, page=80):
    starts = generator.integers(0, 4 * page, (count, 2)) / 4
    return np.concatenate([starts, starts + generator.integers(8, 120, (count, 2)) / 4], axis=1)


def draw_case(seed, pages, classes, per_page, jitter, levels, extra=0.5):
    """Found boxes are moved true ones, some with a wrong class, and others anywhere."""
    generator = np.random.default_rng(seed)
    truth, found = [], []
    for page in range(pages):
        count = int(generator.integers(0, per_page + 1))
        boxes = draw_boxes(generator, count)
        labels = generator.integers(0, classes, count)
        truth += [(page, label, *box) for label, box in zip(labels, boxes, strict=True)]
        for label, box in zip(labels, boxes, strict=True):
            for _ in range(int(generator.integers(0, 3))):
                corners = box + generator.integers(-jitter, jitter + 1, 4) / 4
                corners[2:] = np.maximum(corners[2:], corners[:2] + 0.25)
                wrong = generator.uniform() < 0.1
                other = generator.integers(0, classes + 1) if wrong else label
                score = generator.integers(1, levels + 1) / levels
                found.append((page, other, score, *corners))
        for box in draw_boxes(generator, int(extra * per_page)):
            score = generator.integers(1, levels + 1) / levels
            found.append((page, generator.integers(0, classes + 1), score, *box))
    return pages, np.array(truth, float).reshape(-1, 6), np.array(found, float).reshape(-1, 7)


def cases():
    square, half = (0, 0, 8, 8), (0, 0, 8, 4)
    crowded = np.random.default_rng(9)
    return {
        "distinct_scores": draw_case(0, 12, 3, 6, 6, 1 << 20),
        "ties": draw_case(1, 12, 3, 6, 8, 3),
        "all_scores_equal": draw_case(2, 6, 2, 5, 10, 1),
        "many_classes": draw_case(3, 8, 20, 6, 4, 10),
        "mostly_false": draw_case(4, 10, 2, 2, 4, 50, extra=8),
        "overlapping_truth": draw_case(5, 6, 1, 60, 6, 20, extra=0.1),
        # Page 1 has no true box, page 2 nothing found, page 3 neither.
        "empty_pages": (
            4,
            np.array([(0, 0, *square), (2, 0, *square)], float),
            np.array([(0, 0, 0.5, *square), (1, 0, 0.9, *square)], float),
        ),
        # Two true boxes are overlapped equally; the intersection over union is exactly 0.5.
        "equal_overlaps": (
            1,
            np.array([(0, 0, *half), (0, 0, 0, 4, 8, 8), (0, 0, *square)], float),
            np.array([(0, 0, 0.9, *square), (0, 0, 0.9, *square), (0, 0, 0.1, *half)], float),
        ),
        "class_without_truth": (
            1,
            np.array([(0, 0, *square)], float),
            np.array([(0, 1, 0.9, *square), (0, 0, 0.5, *square)], float),
        ),
        "class_without_found": (
            1,
            np.array([(0, 0, *square), (0, 1, *square)], float),
            np.array([(0, 0, 0.5, *square)], float),
        ),
        # The 101st box of a class on a page does not count; each of these matches nothing but it.
        "over_one_hundred": (
            2,
            np.array([(page, 0, *square) for page in range(2)], float),
            np.array(
                [(0, 0, 0.5 + row / 1000, *box) for row, box in enumerate(draw_boxes(crowded, 104))]
                + [(0, 0, 0.1, *square), (1, 0, 0.1, *square)],
                float,
            ),
        ),
    }


def evaluate(pages, truth, found, classes):
    def xywh(box):
        return [box[0], box[1], box[2] - box[0], box[3] - box[1]]

    annotations = [
        {
            # Matches of the annotation 0 would count as none.
            "id": row + 1,
            "image_id": int(page),
            "category_id": int(label),
            "bbox": xywh(box),
            "area": (box[2] - box[0]) * (box[3] - box[1]),
            "iscrowd": 0,
        }
        for row, (page, label, *box) in enumerate(truth.tolist())
    ]
    results = [
        {"image_id": int(page), "category_id": int(label), "score": score, "bbox": xywh(box)}
        for page, label, score, *box in found.tolist()
    ]
    data = COCO()
    data.dataset = {
        "info": {},
        "images": [{"id": page} for page in range(pages)],
        "annotations": annotations,
        "categories": [{"id": int(label), "name": str(label)} for label in classes],
    }
    data.createIndex()
    evaluation = COCOeval(data, data.loadRes(results), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    # [T, R, K, areas, maxDets] and [T, K, areas, maxDets]: all areas, 100 boxes.
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    recall = evaluation.eval["recall"][:, :, 0, 2]
    return precision.mean(axis=1).T, recall.T, evaluation.stats[[0, 1, 2, 8]]


def main():
    arrays = {}
    for name, (pages, truth, found) in cases().items():
        classes = np.union1d(truth[:, 1], found[:, 1]).astype(np.int64)
        with contextlib.redirect_stdout(io.StringIO()):
            average_precision, recall, stats = evaluate(pages, truth, found, classes)
        arrays |= {
            f"{name}/pages": np.int64(pages),
            f"{name}/truth": truth,
            f"{name}/found": found,
            f"{name}/classes": classes,
            f"{name}/average_precision": average_precision,
            f"{name}/recall": recall,
            f"{name}/stats": stats,
        }
    GOLDEN.parent.mkdir(exist_ok=True)
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    main()
