import os

import pytest

from simclr_tf.data.folder_scan import scan_folder


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def paths_in(root):
    return [file.path for file in scan_folder(str(root))[0]]


def test_pictures_of_all_depths_are_listed_in_order(tmp_path):
    touch(tmp_path, "b/1.png", "a/deep/er/2.jpg", "3.gif")
    assert paths_in(tmp_path) == ["3.gif", "a/deep/er/2.jpg", "b/1.png"]


def test_extensions_are_recognised_in_any_case(tmp_path):
    names = ["a.JPG", "b.Jpeg", "c.PNG", "d.bmp", "e.gif", "f.webp", "g.tif", "h.TIFF"]
    touch(tmp_path, *names)
    assert paths_in(tmp_path) == names


def test_other_and_hidden_files_and_folders_are_ignored(tmp_path):
    touch(tmp_path, "notes.txt", "png", ".hidden.png", ".git/1.png", "__MACOSX/1.png", "1.png")
    assert paths_in(tmp_path) == ["1.png"]


def test_size_and_time_are_those_of_the_file(tmp_path):
    touch(tmp_path, "1.png")
    os.utime(tmp_path / "1.png", ns=(5, 123456789))
    assert scan_folder(str(tmp_path))[0] == [("1.png", 1, 123456789)]


def test_a_link_to_a_folder_is_followed(tmp_path):
    touch(tmp_path, "elsewhere/1.png")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "cat").symlink_to(tmp_path / "elsewhere")
    assert paths_in(tmp_path / "root") == ["cat/1.png"]


@pytest.mark.parametrize("target", [".", "..", "a"])
def test_a_link_back_up_is_not_followed(tmp_path, target):
    touch(tmp_path, "root/a/1.png")
    (tmp_path / "root" / "a" / "again").symlink_to((tmp_path / "root" / target).resolve())
    assert "a/1.png" in paths_in(tmp_path / "root")
    assert max(path.count("again") for path in paths_in(tmp_path / "root")) <= 1


def test_a_broken_link_is_told(tmp_path):
    (tmp_path / "1.png").symlink_to(tmp_path / "missing.png")
    files, skipped = scan_folder(str(tmp_path))
    assert files == []
    assert [(picture.path, picture.reason) for picture in skipped] == [
        ("1.png", "No such file or directory")
    ]
