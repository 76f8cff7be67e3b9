import errno
import json
import os
import pathlib
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.files import (
    folder_written_beside,
    path_below,
    plain,
    read_json,
    remove_unfinished,
    write_atomically,
    write_csv,
    write_json,
    written_beside,
)


def test_text_is_written_as_utf_8_with_its_line_ends(tmp_path):
    write_atomically(tmp_path / "note.txt", "één\r\n")
    assert (tmp_path / "note.txt").read_bytes() == "één\r\n".encode()


def test_names_of_files_that_are_not_utf_8_are_written_with_their_own_bytes(tmp_path):
    write_csv(tmp_path / "table.csv", [{"path": os.fsdecode(b"caf\xe9.png")}])
    assert (tmp_path / "table.csv").read_bytes() == b"path\ncaf\xe9.png\n"


def test_bytes_are_written_as_they_are(tmp_path):
    write_atomically(str(tmp_path / "data"), b"\x00\xff")
    assert (tmp_path / "data").read_bytes() == b"\x00\xff"


def fail(*arguments, **keywords):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_before_the_end_leaves_the_old_file_and_nothing_beside(
    tmp_path, monkeypatch, step
):
    path = tmp_path / "result.json"
    write_atomically(path, "old")
    monkeypatch.setattr(os, step, fail)
    message = "folder .* is full: result.json could not be written; the one that was there is unch"
    with pytest.raises(OSError, match=message) as full:
        write_atomically(path, "new")
    assert full.value.errno == errno.ENOSPC
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]


def test_the_content_is_on_the_disk_before_it_takes_the_old_file_s_place(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append("fsync"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths)))
    write_atomically(tmp_path / "result", b"content")
    assert calls == ["fsync", "replace", "fsync"]  # the file, the rename, the folder


def test_an_interruption_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "weights"
    write_atomically(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        with written_beside(path) as file:
            file.write(b"half of the n")
            raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights"]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    left = f".a.npz.{'0f' * 16}.tmp"
    for name in (left, ".lock", ".a.tmp", "a.npz", "notes.tmp"):
        (tmp_path / name).write_text("")
    remove_unfinished(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".a.tmp", ".lock", "a.npz", "notes.tmp"]


def test_the_name_that_is_removed_is_that_of_an_unfinished_file(tmp_path):
    with pytest.raises(RuntimeError):
        with written_beside(tmp_path / "a") as file:
            (tmp_path / os.path.basename(file.name)).with_name("copy").write_text(
                os.path.basename(file.name)
            )
            raise RuntimeError
    name = (tmp_path / "copy").read_text()
    (tmp_path / name).write_text("half")
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ["copy"]


@pytest.mark.parametrize("name", ["a.png", "a/b.png", "./a.png", "a/../b.png", "..a/b", "a\\b"])
def test_a_name_within_a_folder_is_its_path(tmp_path, name):
    assert path_below(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("name", ["/etc/passwd", "..", "../a.png", "a/../../b.png", "a\0b"])
@pytest.mark.parametrize("folder", ["/data/pictures", "pictures", "."])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, name):
    with pytest.raises(ValueError, match="the file .* must lie in the folder"):
        path_below(folder, name)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"{", None, "must hold JSON: Expecting property name"),
        (b"\xff", None, "must hold JSON: "),
        (b"[" * 100_000, None, "must hold JSON: it is nested too deeply"),
        (b"9" * 5000, None, "must hold JSON: Exceeds the limit"),
        (b"[]", dict, "must hold an object of JSON. Received: list"),
        (b"{}", list, "must hold a list of JSON. Received: dict"),
    ],
)
def test_json_that_cannot_be_used_is_named(tmp_path, content, kind, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=f"a.json' {message}"):
        read_json(tmp_path / "a.json", kind)


def test_json_is_read(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1]}')
    assert read_json(tmp_path / "a.json", dict) == {"a": [1]}


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "usual").touch()
    write_atomically(tmp_path / "atomic", b"")
    usual, atomic = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "atomic"))
    assert atomic == usual


def test_json_holds_numpy_values_tuples_and_paths_as_plain_ones(tmp_path):
    data = {
        "scalar": np.float32(0.5),
        "array": np.arange(3),
        "pair": (1, 2),
        "path": pathlib.PurePosixPath("a/b"),
        3: [{"deep": np.int64(4)}],
    }
    write_json(tmp_path / "data.json", data)
    assert json.loads((tmp_path / "data.json").read_text()) == {
        "scalar": 0.5,
        "array": [0, 1, 2],
        "pair": [1, 2],
        "path": "a/b",
        "3": [{"deep": 4}],
    }


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), np.float64("nan"), np.float32("inf")]
)
def test_json_has_null_for_numbers_that_it_cannot_hold(tmp_path, value):
    write_json(tmp_path / "data.json", {"loss": [value]})
    assert json.loads((tmp_path / "data.json").read_text()) == {"loss": [None]}


def test_json_refuses_what_it_does_not_know_and_keeps_the_old_file(tmp_path):
    write_json(tmp_path / "data.json", {"old": 1})
    with pytest.raises(TypeError, match="object"):
        write_json(tmp_path / "data.json", {"new": object()})
    assert json.loads((tmp_path / "data.json").read_text()) == {"old": 1}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_plain_values_survive_json_unchanged(value):
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)


def test_csv_columns_come_in_order_of_appearance(tmp_path):
    write_csv(tmp_path / "table.csv", [{"b": 1}, {"a": np.float64(0.1), "b": "x,y"}])
    assert (tmp_path / "table.csv").read_text() == 'b,a\n1,\n"x,y",0.1\n'


def test_csv_without_rows_has_the_header(tmp_path):
    write_csv(tmp_path / "table.csv", [], columns=("path", "reason"))
    assert (tmp_path / "table.csv").read_text() == "path,reason\n"


def test_csv_refuses_a_key_without_column(tmp_path):
    with pytest.raises(ValueError, match="fields not in fieldnames: 'c'"):
        write_csv(tmp_path / "table.csv", [{"c": 1}], columns=("a",))


# === Folders ===


def test_a_folder_takes_its_place_when_it_is_whole(tmp_path):
    with folder_written_beside(tmp_path / "result") as beside:
        (beside / "inside").mkdir()
        (beside / "inside/a").write_text("content")
        assert beside.name.startswith(".result.")
        assert not (tmp_path / "result").exists()
    assert os.listdir(tmp_path) == ["result"]
    assert (tmp_path / "result/inside/a").read_text() == "content"


def test_an_empty_folder_is_replaced(tmp_path):
    (tmp_path / "result").mkdir()
    with folder_written_beside(tmp_path / "result") as beside:
        (beside / "a").write_text("content")
    assert os.listdir(tmp_path / "result") == ["a"]


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path):
    (tmp_path / "result").mkdir()
    (tmp_path / "result/precious").write_text("old")
    with pytest.raises(OSError):
        with folder_written_beside(tmp_path / "result") as beside:
            (beside / "a").write_text("content")
    assert os.listdir(tmp_path) == ["result"]
    assert os.listdir(tmp_path / "result") == ["precious"]


def test_an_interruption_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with folder_written_beside(tmp_path / "result") as beside:
            (beside / "a").write_text("content")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
