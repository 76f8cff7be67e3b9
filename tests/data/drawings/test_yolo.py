import numpy as np
import pytest
from PIL import Image

from simclr_tf.boxes import box_areas
from simclr_tf.data import read_yolo

# A page of 200 x 100: centre (100, 25), 50 wide and 10 high.
LINE = "1 0.5 0.25 0.25 0.1"
BOX = [75, 20, 125, 30]


def test_a_line_is_class_centre_and_size_as_shares_of_the_page(page, tmp_path):
    page().with_suffix(".txt").write_text(f"{LINE}\n\n0 0.5 0.5 1 1\n")
    found = read_yolo(tmp_path)
    drawing = found.drawings[0]
    assert (drawing.path, drawing.width, drawing.height) == (str(tmp_path / "page.png"), 200, 100)
    np.testing.assert_allclose(drawing.boxes, [BOX, [0, 0, 200, 100]])
    assert drawing.labels.tolist() == [1, 0]
    assert found.class_names == ("0", "1")
    assert found.skipped == ()


def test_an_empty_text_is_an_empty_page(page, tmp_path):
    page().with_suffix(".txt").write_text("")
    assert len(read_yolo(tmp_path).drawings[0]) == 0


def test_a_picture_without_a_text_is_left_out(page, tmp_path):
    page("a.png").with_suffix(".txt").write_text(LINE)
    page("b.png")
    found = read_yolo(tmp_path)
    assert len(found) == 1
    assert found.skipped[0].path == "b.png"
    assert found.skipped[0].reason.endswith("b.txt: there is no such text of boxes for the picture")


def test_the_text_may_lie_in_a_folder_of_labels(page, tmp_path):
    page("train/images/day/a.png")
    (tmp_path / "train/labels/day").mkdir(parents=True)
    (tmp_path / "train/labels/day/a.txt").write_text(LINE)
    np.testing.assert_allclose(read_yolo(tmp_path).drawings[0].boxes, [BOX])


def test_names_beside_the_pictures_are_found(page, tmp_path):
    page().with_suffix(".txt").write_text(LINE)
    (tmp_path / "classes.txt").write_text("pump\nvalve\nflange\n")
    assert read_yolo(tmp_path).class_names == ("pump", "valve", "flange")


def test_a_file_of_names_may_be_given(page, tmp_path):
    page("pages/a.png").with_suffix(".txt").write_text(LINE)
    (tmp_path / "my.txt").write_text("pump\nvalve\n")
    assert read_yolo(tmp_path / "pages", tmp_path / "my.txt").class_names == ("pump", "valve")


def test_a_picture_turned_by_exif_has_the_size_that_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (100, 200)).save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.txt").write_text(LINE)
    drawing = read_yolo(tmp_path).drawings[0]
    assert (drawing.width, drawing.height) == (200, 100)
    np.testing.assert_allclose(drawing.boxes, [BOX])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1 0.5 0.5 0.1", "a line must be `class x_centre y_centre width height`, not one of 4"),
        (f"{LINE} 0.9", "not one of 6 numbers"),
        ("pump 0.5 0.5 0.1 0.1", "a line must be five numbers, not 'pump 0.5 0.5 0.1 0.1'"),
        ("-1 0.5 0.5 0.1 0.1", "the class must be a whole number from 0 to 99999, not -1"),
        ("1.5 0.5 0.5 0.1 0.1", "the class must be a whole number from 0 to 99999, not 1.5"),
        ("1e9 0.5 0.5 0.1 0.1", "the class must be a whole number from 0 to 99999, not 1e9"),
        ("nan 0.5 0.5 0.1 0.1", "the class must be a whole number from 0 to 99999, not nan"),
        ("2 0.5 0.5 0.1 0.1", "the class 2 is unknown; there are names for 0 to 1"),
        ("1 0.5 0.5 0 0.1", r"the box \[100, 45, 100, 55\] has no area"),
        ("1 0.99 0.5 0.1 0.1", r"reaches outside the page of 200 x 100 pixels"),
        ("1 nan 0.5 0.1 0.1", "is not finite"),
    ],
)
def test_a_faulty_line_is_named_and_the_other_drawings_are_read(page, tmp_path, line, reason):
    page("good.png").with_suffix(".txt").write_text(LINE)
    page("bad.png").with_suffix(".txt").write_text(f"{LINE}\n{line}\n{LINE}\n")
    (tmp_path / "classes.txt").write_text("pump\nvalve\n")
    found = read_yolo(tmp_path)
    assert [drawing.path for drawing in found.drawings] == [str(tmp_path / "good.png")]
    assert found.skipped[0].path == "bad.png"
    with pytest.raises(ValueError, match=rf"bad.txt:2: .*{reason}"):
        raise ValueError(found.skipped[0].reason)


def test_a_broken_picture_is_left_out(page, tmp_path):
    page("a.png").with_suffix(".txt").write_text(LINE)
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "b.txt").write_text(LINE)
    assert read_yolo(tmp_path).skipped[0].reason == "not a picture in a known format"


def test_when_nothing_can_be_used_the_first_reason_is_given(page, tmp_path):
    page().with_suffix(".txt").write_text("1 2 3\n")
    with pytest.raises(
        ValueError, match=r"no annotated drawing in the folder .*page.txt:1: a line"
    ):
        read_yolo(tmp_path)


def test_a_folder_without_pictures_says_so(tmp_path):
    with pytest.raises(ValueError, match="no annotated drawing in the folder .*: no picture is"):
        read_yolo(tmp_path)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(ValueError, match="`data_dir` must be an existing folder"):
        read_yolo(tmp_path / "none")


@pytest.mark.real
def test_the_real_drawings_have_512_boxes_of_32_classes(pictures_dir):
    found = read_yolo(pictures_dir / "pid_drawings")
    assert found.skipped == ()
    # 90 + 92 + 111 + 95 + 124 = 512 lines.
    assert [len(drawing) for drawing in found.drawings] == [90, 92, 111, 95, 124]
    assert found.class_names == tuple(str(label) for label in range(32))
    assert (found.drawings[0].width, found.drawings[0].height) == (3300, 2099)
    for drawing in found.drawings:
        pixels = np.asarray(Image.open(drawing.path).convert("L"))
        # Every box holds ink, and none is tiny: the boxes are where the symbols are.
        for x_min, y_min, x_max, y_max in drawing.boxes.astype(int):
            assert pixels[y_min : y_max + 1, x_min : x_max + 1].min() < 100
        assert box_areas(drawing.boxes).min() > 100
