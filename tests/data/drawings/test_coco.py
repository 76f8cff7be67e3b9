import json

import numpy as np
import pytest

from simclr_tf.data import AnnotationError, read_coco

PUMP, VALVE = {"id": 7, "name": "pump"}, {"id": 3, "name": "valve"}


def annotation(image_id=1, box=(75, 20, 50, 10), category_id=7, **others):
    return {"image_id": image_id, "bbox": list(box), "category_id": category_id, **others}


@pytest.fixture
def coco(page, tmp_path):
    """Writes two pages and a file with the given annotations, one entry a line."""
    page("a.png")
    page("b.png")

    def write(*annotations, images=None, categories=(PUMP, VALVE), indent=None):
        content = {
            "info": {"annotations": [1, {"annotations": "]"}]},
            "images": images
            or [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png", "width": 200}],
            "annotations": list(annotations),
            "categories": list(categories),
        }
        path = tmp_path / "boxes.json"
        path.write_text(json.dumps(content, indent=indent))
        return path

    return write


def test_a_box_is_corner_and_size_and_categories_count_by_id(coco, tmp_path):
    found = read_coco(coco(annotation(), annotation(1, (0, 0, 200, 100), 3), annotation(2)))
    np.testing.assert_allclose(found.drawings[0].boxes, [[75, 20, 125, 30], [0, 0, 200, 100]])
    assert found.class_names == ("valve", "pump")
    assert [drawing.labels.tolist() for drawing in found.drawings] == [[1, 0], [1]]
    assert found.drawings[0].path == str(tmp_path / "a.png")
    assert (found.skipped, found.warnings) == ((), ())


def test_an_image_without_annotations_is_an_empty_page(coco):
    found = read_coco(coco(annotation(1)))
    assert [len(drawing) for drawing in found.drawings] == [1, 0]


def test_pictures_may_lie_elsewhere(coco, tmp_path):
    path = coco(annotation())
    elsewhere = tmp_path / "notes" / "boxes.json"
    elsewhere.parent.mkdir()
    path.rename(elsewhere)
    assert len(read_coco(elsewhere, tmp_path)) == 2


def test_crowd_regions_are_left_out_and_counted(coco):
    found = read_coco(coco(annotation(), annotation(iscrowd=1, bbox=None)))
    assert len(found.drawings[0]) == 1
    assert found.warnings[0].startswith("1 crowd regions of")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"category_id": 5}, "the category 5 is unknown"),
        ({"category_id": None}, "the category None is unknown"),
        ({"box": (75, 20, 0, 10)}, r"the box \[75, 20, 75, 30\] has no area"),
        (
            {"box": (190, 20, 50, 10)},
            r"the box \[190, 20, 240, 30\] reaches outside the page of 200 x 100 pixels",
        ),
        ({"box": (1, 2, 3)}, r"`bbox` must be four numbers, not \[1, 2, 3\]"),
        ({"box": (1, 2, 3, "4")}, "`bbox` must be four numbers"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_faulty_annotation_is_named_and_the_other_drawings_are_read(coco, fault, reason, indent):
    path = coco(annotation(1), annotation(2, **fault), indent=indent)
    found = read_coco(path)
    assert [drawing.path[-5:] for drawing in found.drawings] == ["a.png"]
    lines = path.read_text().splitlines()
    # The line where the entry begins, one above its first key.
    line = 1 if indent is None else next(n for n, t in enumerate(lines) if '"image_id": 2' in t)
    with pytest.raises(ValueError, match=rf"boxes.json:{line}: annotations\[1\]: {reason}"):
        raise ValueError(found.skipped[0].reason)


def test_an_annotation_of_no_image_is_named(coco):
    skipped = read_coco(coco(annotation(1), annotation(9))).skipped
    assert skipped[0].reason.endswith("annotations[1]: the image 9 is not in `images`")


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ({"file_name": "none.png"}, r"images\[1\]: there is no picture .*none.png"),
        ({"width": 100, "height": 100}, "stated to have 100 x 100 pixels, but .* has 200 x 100"),
        ({"width": "wide"}, "the size of the page must be numbers, not 'wide'"),
    ],
)
def test_an_image_that_does_not_fit_is_left_out(coco, image, reason):
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png", **image}]
    found = read_coco(coco(images=images))
    assert len(found) == 1
    with pytest.raises(ValueError, match=reason):
        raise ValueError(found.skipped[0].reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [],\n oops', r"boxes.json:2: not JSON"),
        ("[1]", "boxes.json: has no list `images`"),
        ('{"images": [], "annotations": {}}', "boxes.json: has no list `annotations`"),
        ("[" * 100_000, "nested too deeply|not JSON"),
        (b"\xff", "boxes.json:1: not UTF-8 text"),
    ],
)
def test_what_is_no_coco_file_is_refused(tmp_path, text, message):
    path = tmp_path / "boxes.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(AnnotationError, match=message):
        read_coco(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": [{"id": "1", "file_name": "a.png"}]}, r"images\[0\]: `id` must be a whole"),
        ({"images": [3]}, r"images\[0\]: `id` must be a whole number"),
        ({"categories": [{"id": 1, "name": None}]}, r"categories\[0\]: `name` must be a text"),
    ],
)
def test_an_entry_without_what_it_needs_is_refused(coco, options, message):
    with pytest.raises(AnnotationError, match=message):
        read_coco(coco(annotation(), **options))


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "b/../../a.png"])
def test_a_picture_outside_the_folder_is_refused(coco, name):
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": name}]
    (skipped,) = read_coco(coco(annotation(), images=images)).skipped
    assert f"images[1]: the file {name!r} must lie in the folder" in skipped.reason


def test_a_number_that_no_computer_number_holds_is_refused(coco):
    boxes = coco(annotation(box=[0, 0, 10**400, 5]), annotation(2, [0, 0, 10**400, 5]))
    with pytest.raises(ValueError, match="`bbox` has a number that is too large"):
        read_coco(boxes)


def test_when_nothing_can_be_used_the_first_reason_is_given(coco):
    with pytest.raises(ValueError, match=r"no annotated drawing in .*boxes.json: 1 cannot .*gone"):
        read_coco(coco(images=[{"id": 1, "file_name": "gone.png"}]))
