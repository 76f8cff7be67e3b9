import json

import numpy as np
import pytest

from simclr_tf.data import read_drawings

VOC = (
    "<annotation><filename>page.png</filename><object><name>0</name><bndbox><xmin>76</xmin>"
    "<ymin>21</ymin><xmax>125</xmax><ymax>30</ymax></bndbox></object></annotation>"
)
COCO = json.dumps(
    {
        "images": [{"id": 1, "file_name": "page.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [75, 20, 50, 10]}],
        "categories": [{"id": 1, "name": "0"}],
    }
)
YOLO = "0 0.5 0.25 0.25 0.1"


@pytest.mark.parametrize(
    ("name", "text"), [("page.xml", VOC), ("boxes.json", COCO), ("page.txt", YOLO)]
)
def test_every_format_is_recognised_and_gives_the_same_drawing(page, tmp_path, name, text):
    page()
    (tmp_path / name).write_text(text)
    found = read_drawings(tmp_path)
    np.testing.assert_allclose(found.drawings[0].boxes, [[75, 20, 125, 30]])
    assert found.class_names == ("0",)


def test_a_file_is_read_as_coco(page, tmp_path):
    page()
    (tmp_path / "boxes.json").write_text(COCO)
    (tmp_path / "other.json").write_text("{}")
    assert len(read_drawings(tmp_path / "boxes.json")) == 1
    with pytest.raises(ValueError, match="has several: boxes.json, other.json"):
        read_drawings(tmp_path)


def test_a_missing_place_says_so(tmp_path):
    with pytest.raises(ValueError, match="`path` must be an existing folder or COCO file"):
        read_drawings(tmp_path / "none")
