import os
import subprocess
import sys

import pytest

from simclr_tf.runs import lock_folder


def test_a_folder_is_made_and_locked_once(tmp_path):
    lock = lock_folder(tmp_path / "new" / "run")
    with pytest.raises(ValueError, match="`run_dir` is in use by another process: wait for it"):
        lock_folder(tmp_path / "new" / "run")
    os.close(lock)
    os.close(lock_folder(tmp_path / "new" / "run"))


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path):
    lock = lock_folder(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,)
    )
    try:
        os.close(lock)
        with pytest.raises(ValueError, match="in use by another process"):
            lock_folder(tmp_path)
    finally:
        child.communicate(b"\n")
    os.close(lock_folder(tmp_path))


def test_a_file_instead_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("precious")
    message = r"`run_dir` must be a folder that can be written \(File exists\). Received: '.*file'"
    with pytest.raises(ValueError, match=message):
        lock_folder(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"
