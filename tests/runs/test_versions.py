import os
import pathlib
import threading

import pytest

from simclr_tf.runs import find_version, list_versions
from simclr_tf.runs.versions import make_next_version


def names(paths):
    return [path.name for path in paths]


def test_versions_are_listed_by_number_not_by_name(tmp_path):
    for name in ("version_10", "version_2", "version_0", "version_x", "notes", "version_3.old"):
        (tmp_path / name).mkdir()
    (tmp_path / "version_4").touch()
    assert names(list_versions(tmp_path)) == ["version_0", "version_2", "version_10"]


def test_a_folder_that_does_not_exist_has_no_versions(tmp_path):
    assert list_versions(tmp_path / "nowhere") == []


def test_the_first_version_is_0_and_its_folder_is_made(tmp_path):
    path = make_next_version(tmp_path / "new" / "run")
    assert path == tmp_path / "new" / "run" / "version_0"
    assert path.is_dir()


def test_the_next_version_follows_the_largest_number(tmp_path):
    (tmp_path / "version_9").mkdir()
    (tmp_path / "version_10").mkdir()
    assert make_next_version(tmp_path).name == "version_11"


def test_a_file_in_the_place_of_the_next_version_is_left_alone(tmp_path):
    (tmp_path / "version_0").write_text("mine")
    assert make_next_version(tmp_path).name == "version_1"
    assert (tmp_path / "version_0").read_text() == "mine"


def test_versions_made_at_the_same_time_are_never_shared(tmp_path):
    made = []
    start = threading.Barrier(8)

    def make():
        start.wait()
        made.append(make_next_version(tmp_path).name)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [f"version_{number}" for number in range(8)]


def test_a_file_instead_of_a_folder_is_refused(tmp_path):
    path = tmp_path / "run"
    path.write_text("mine")
    message = rf"`run_dir` must be a folder that can be written \(File exists\).*run_dir='{path}'"
    with pytest.raises(ValueError, match=message):
        make_next_version(path)
    assert path.read_text() == "mine"


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"`run_dir` must be .* \(Not a directory\)"):
        make_next_version(tmp_path / "file" / "run")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    with pytest.raises(ValueError, match=r"`run_dir` must be .* \(Permission denied\)"):
        make_next_version(os.fspath(tmp_path))


# === One of them ===


@pytest.fixture
def seven(tmp_path):
    for number in (0, 1, 2, 3, 7, 10, 11):
        (tmp_path / f"version_{number}").mkdir()
    return tmp_path


def test_a_version_is_found_by_its_number_and_the_newest_without_one(seven):
    assert find_version(seven, 7) == seven / "version_7"
    assert find_version(seven) == seven / "version_11"


def test_a_number_that_does_not_exist_lists_those_that_do(seven):
    message = "`version_number` must be one of those in '.*': 0-3, 7, 10, 11. "
    with pytest.raises(ValueError, match=message + "Received: version_number=30"):
        find_version(seven, 30)


@pytest.mark.parametrize(("name", "what"), [("", "holds none"), ("none", "is not a folder")])
def test_a_folder_without_versions_is_refused(tmp_path, name, what):
    with pytest.raises(ValueError, match=f"`run_dir` must be a folder that holds .* which {what}"):
        find_version(tmp_path / name, 0)
