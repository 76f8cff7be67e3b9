"""Scripts in processes forked from one that has imported the large libraries already."""

import functools
import multiprocessing
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile
from multiprocessing import forkserver

import pytest

# Four seconds of every script's start. Not this package: what a script imports of it, and when,
# stays as it is.
LIBRARIES = ["tensorflow", "keras", "tensorflow_datasets", "sklearn.linear_model", "faiss"]


@functools.cache
def _forks():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    with pytest.MonkeyPatch.context() as patch:
        # Read once, at the import: without remarks on the machine, which every script hides.
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        forkserver.ensure_running()
    return context


def _become(arguments, folder, environment, output, errors):
    for path, descriptor in ((output, 1), (errors, 2)):
        with open(path, "wb") as file:
            os.dup2(file.fileno(), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    sys.path.insert(0, os.path.dirname(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")


def run_forked(arguments, folder, seconds):
    """Runs `arguments`, a script and what follows it, to its end with `folder` as working directory.

    Unlike an interpreter of its own, the process runs nothing that was registered for the exit.
    """
    with tempfile.TemporaryDirectory() as aside:
        files = [pathlib.Path(aside, name) for name in ("output", "errors")]
        process = _forks().Process(
            target=_become, args=(list(arguments), folder, dict(os.environ), *files)
        )
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, seconds, *(f.read_bytes() for f in files))
        printed = [file.read_text(errors="surrogateescape") for file in files]
    return subprocess.CompletedProcess(arguments, process.exitcode, *printed)
