import os
import re
import socket
import subprocess
import sys

import pytest

from simclr_tf.runs import lock_folder


def test_a_folder_is_made_and_locked_once(tmp_path):
    lock = lock_folder(tmp_path / "new" / "run")
    with pytest.raises(ValueError, match="`run_dir` is in use by another process .*: wait for it"):
        lock_folder(tmp_path / "new" / "run")
    os.close(lock)
    os.close(lock_folder(tmp_path / "new" / "run"))


def test_the_message_names_who_has_the_folder(tmp_path):
    lock = lock_folder(tmp_path)
    named = f"another process \\(process {os.getpid()} on {re.escape(socket.gethostname())}\\)"
    with pytest.raises(ValueError, match=named):
        lock_folder(tmp_path)
    os.close(lock)


def test_a_killed_process_leaves_no_lock_behind(tmp_path):
    code = (
        "import pathlib, sys; from simclr_tf.runs import lock_folder; "
        "lock = lock_folder(pathlib.Path(sys.argv[1])); print(flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, os.fspath(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        child.stdout.readline()
        with pytest.raises(ValueError, match=f"another process .process {child.pid} on"):
            lock_folder(tmp_path)
        child.kill()
        child.wait()
        os.close(lock_folder(tmp_path))


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
