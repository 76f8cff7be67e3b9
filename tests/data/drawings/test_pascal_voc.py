import numpy as np
import pytest

from simclr_tf.data import read_pascal_voc


def thing(name="pump", box=(76, 21, 125, 30)):
    corners = "".join(
        f"<{key}>{value}</{key}>"
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


def annotation(*things, picture="a.png", size="<width>200</width><height>100</height>"):
    lines = ["<annotation>", f"<filename>{picture}</filename>", f"<size>{size}</size>", *things]
    return "\n".join([*lines, "</annotation>"])


@pytest.fixture
def folder(page, tmp_path):
    page("a.png")
    page("b.png")
    (tmp_path / "a.xml").write_text(annotation(thing()))
    return tmp_path


def test_pixels_count_from_one_and_the_last_belongs_to_the_box(folder):
    # Pixels 76 to 125 are 50 wide and begin at 75; 1 to 200 are the whole page.
    (folder / "a.xml").write_text(annotation(thing(), thing("valve", (1, 1, 200, 100))))
    found = read_pascal_voc(folder)
    np.testing.assert_allclose(found.drawings[0].boxes, [[75, 20, 125, 30], [0, 0, 200, 100]])
    assert found.drawings[0].labels.tolist() == [0, 1]
    assert found.class_names == ("pump", "valve")


def test_coordinates_of_edges_are_taken_as_they_are(folder):
    (folder / "a.xml").write_text(annotation(thing(box=(75, 20.5, 125, 30))))
    found = read_pascal_voc(folder, first_pixel=0)
    np.testing.assert_allclose(found.drawings[0].boxes, [[75, 20.5, 125, 30]])


def test_the_folders_of_pascal_voc_are_found(page, tmp_path):
    page("JPEGImages/a.png")
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "a.xml").write_text(annotation(thing()))
    found = read_pascal_voc(tmp_path)
    assert found.drawings[0].path == str(tmp_path / "JPEGImages" / "a.png")


def test_an_annotation_without_objects_or_size_is_an_empty_page(folder):
    (folder / "a.xml").write_text("<annotation><filename>a.png</filename></annotation>")
    drawing = read_pascal_voc(folder).drawings[0]
    assert (len(drawing), drawing.width, drawing.height) == (0, 200, 100)


def test_class_names_that_are_given_fix_the_labels(folder):
    found = read_pascal_voc(folder, class_names=["valve", "pump"])
    assert found.drawings[0].labels.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (annotation(thing(), thing("tank"), picture="b.png"), ":5: the class 'tank' is unknown"),
        (annotation(thing(""), picture="b.png"), ":4: the object has no `name`"),
        (annotation(thing(box=(9, 9, 8, 20)), picture="b.png"), r":4: the box .* has no area"),
        (annotation(thing(box=(9, 9, 300, 20)), picture="b.png"), ":4: the box .*outside the page"),
        (annotation(thing(box=("x", 9, 20, 20)), picture="b.png"), ":4: `xmin` must be a number"),
        (annotation("<object><name>pump</name></object>"), ":4: the object has no `bndbox`"),
        (annotation(picture="none.png"), ":3: there is no picture .*none.png"),
        (annotation(picture=""), ":3: there is no `filename`"),
        (annotation(size="<width>9</width><height>9</height>"), ":3: .*stated to have 9 x 9"),
        (annotation(size="<width>w</width>"), ":3: `width` must be a number, not 'w'"),
        ("<annotation>\n<object>", r":2: not XML: no element found"),
        ("", "not XML: no element found"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', ":1: not XML: "),
    ],
)
def test_a_fault_is_named_and_the_other_drawings_are_read(folder, text, reason):
    (folder / "b.xml").write_text(text)
    found = read_pascal_voc(folder, class_names=["pump"])
    assert len(found) == 1
    assert found.skipped[0].path == "b.xml"
    with pytest.raises(ValueError, match=f"b.xml{reason if reason[0] == ':' else ':.*' + reason}"):
        raise ValueError(found.skipped[0].reason)


ENTITIES = [
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<a>&e;</a>',
    '<!DOCTYPE a [<!ENTITY e "ha"><!ENTITY f "&e;&e;&e;&e;">]>\n<a>&f;</a>',
    '<!DOCTYPE a [<!ENTITY % e SYSTEM "http://pictures.example/e.dtd"> %e;]>\n<a/>',
]


@pytest.mark.parametrize("text", ENTITIES)
def test_entities_are_refused(folder, text):
    (folder / "b.xml").write_text(text)
    reason = read_pascal_voc(folder).skipped[0].reason
    assert reason.endswith("b.xml:1: an entity is declared, which annotations do not need")


def test_other_encodings_are_read(folder):
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + annotation(thing("Ventilklappe Süd"))
    (folder / "a.xml").write_bytes(text.encode("latin-1"))
    assert read_pascal_voc(folder).class_names == ("Ventilklappe Süd",)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(ValueError, match="`data_dir` must be an existing folder"):
        read_pascal_voc(tmp_path / "none")


def test_a_folder_without_annotations_says_so(tmp_path):
    with pytest.raises(ValueError, match="There is no annotated drawing in the folder"):
        read_pascal_voc(tmp_path)


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "b/../../a.png"])
def test_a_picture_outside_the_folder_is_refused(folder, name):
    (folder / "b.xml").write_text(annotation(thing(), picture=name))
    (skipped,) = read_pascal_voc(folder).skipped
    assert f"the file {name!r} must lie in the folder" in skipped.reason
