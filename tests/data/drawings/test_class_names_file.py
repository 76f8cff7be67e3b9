import sys

import pytest

from simclr_tf.data import AnnotationError
from simclr_tf.data.drawings.class_names_file import find_names_file, read_class_names


def read(tmp_path, text, name="classes.txt"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_class_names(path)


@pytest.mark.parametrize("text", ["pump\nglobe valve\n", "\ufeffpump\r\nglobe valve\r\n\r\n"])
def test_a_text_has_one_name_a_line(tmp_path, text):
    assert read(tmp_path, text) == ("pump", "globe valve")


@pytest.mark.parametrize(
    "text", ["names: [pump, 7]\nnc: 2\n", "names:\n  1: 7\n  0: pump\n", "names:\n- pump\n- '7'\n"]
)
def test_a_yaml_file_has_a_list_or_a_mapping(tmp_path, text):
    assert read(tmp_path, text, "data.yaml") == ("pump", "7")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "classes.txt", r"classes.txt: names no class"),
        ("a\n\nb\n", "classes.txt", r"classes.txt:2: the class 1 has no name"),
        ("a\nb\na\n", "classes.txt", r"classes.txt:3: the class name 'a' stands there twice"),
        (b"a\n\xff\n", "classes.txt", r"classes.txt:2: not UTF-8 text"),
        ("names: [", "data.yaml", r"data.yaml: not YAML: .*line 1"),
        ("nc: 2", "data.yaml", r"data.yaml: has no list `names`"),
        ("- a", "data.yaml", r"data.yaml: has no list `names`"),
        ("names: {0: a, 2: b}", "data.yaml", r"the keys of `names` must be 0, 1, 2"),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path, text, name, message):
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, text, name)


def test_a_yaml_file_cannot_run_code(tmp_path):
    with pytest.raises(AnnotationError, match="not YAML"):
        read(tmp_path, "names: !!python/object/apply:os.getcwd []", "data.yaml")


def test_without_pyyaml_the_error_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match=r'pip install "simclr_tf\[yaml\]"'):
        read(tmp_path, "names: [a]", "data.yaml")


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(AnnotationError, match="classes.txt: No such file"):
        read_class_names(tmp_path / "classes.txt")


def test_the_usual_file_is_found(tmp_path):
    assert find_names_file(tmp_path) is None
    (tmp_path / "data.yaml").write_text("names: [a]")
    (tmp_path / "obj.names").write_text("a")
    assert find_names_file(tmp_path).name == "obj.names"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Each line doubles the last: written out, the 40th has 2^40 letters.
        ("a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
         + "names: [*a39]\n", "a name must be a text"),
        ("names: 2001-99-99\n", "not YAML: "),
        ("names: " + "[" * 5000, "not YAML: "),
    ],
    ids=["doubling", "date", "deep"],
)  # fmt: skip
def test_yaml_that_does_harm_is_refused(tmp_path, text, message):
    pytest.importorskip("yaml")
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_class_names(tmp_path / "data.yaml")
