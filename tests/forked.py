"""Programs in processes forked from one that has imported the large libraries already."""

import concurrent.futures
import contextlib
import functools
import gc
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from multiprocessing import forkserver

import pytest

# Four seconds of every start. Nothing of the package itself: what a program imports of it, and
# when, stays as it is.
LIBRARIES = [
    *("tensorflow", "keras", "tensorflow_datasets", "sklearn.linear_model"),
    # What the forked process unpickles, and pytest with it.
    "tests.forked",
]


@functools.cache
def _forks():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    with pytest.MonkeyPatch.context() as patch:
        # Read once, at the import: without remarks on the machine, which every script hides.
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        forkserver.ensure_running()
    return context


def _become(arguments, folder, environment, given, printed, errors):
    for stream, descriptor in ((given, 0), (printed, 1)):
        if stream is not None:
            os.dup2(stream.fileno(), descriptor)
            stream.close()
    with open(errors, "ab") as file:
        os.dup2(file.fileno(), 2)
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    # They would be searched for garbage in every process anew.
    gc.freeze()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if arguments[0] == "-c":
        sys.argv = arguments[:1]
        exec(arguments[1], {"__name__": "__main__"})
    elif arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, os.path.dirname(arguments[0]))
        runpy.run_path(arguments[0], run_name="__main__")


class ForkedPopen:
    """What is used of `subprocess.Popen`, for a Python program that is forked.

    Unlike an interpreter of its own, the process runs nothing that was registered for its exit.

    Args:
        arguments: the interpreter, which is not used; a script, or -m and a module, or -c and a
            text; and what follows it.
        cwd: its working directory; this process's by default.
        env: all its variables; this process's by default.
        stdin, stdout: `subprocess.PIPE`, or nothing.
        stderr: a file, or `subprocess.PIPE`, which can be read in the end.
        text: always true.
    """

    def __init__(
        self, arguments, cwd=None, env=None, stdin=None, stdout=None, stderr=None, text=True
    ):
        self.args = [os.fspath(argument) for argument in arguments]
        self.stdin = self.stdout = None
        self.stderr = stderr
        if stderr == subprocess.PIPE:
            self.stderr = tempfile.TemporaryFile("r", errors="surrogateescape")
        with contextlib.ExitStack() as ends:
            given = printed = None
            if stdin == subprocess.PIPE:
                given, own = map(ends.enter_context, multiprocessing.Pipe(duplex=False))
                self.stdin = os.fdopen(os.dup(own.fileno()), "w")
            if stdout == subprocess.PIPE:
                own, printed = map(ends.enter_context, multiprocessing.Pipe(duplex=False))
                self.stdout = os.fdopen(os.dup(own.fileno()), errors="surrogateescape")
            variables = dict(os.environ if env is None else env)
            # Opened once more, with a place of its own in the file.
            errors = f"/proc/{os.getpid()}/fd/{self.stderr.fileno()}"
            streams = (given, printed, errors)
            self._process = _forks().Process(
                target=_become, args=(self.args[1:], cwd or os.getcwd(), variables, *streams)
            )
            self._process.start()

    @property
    def pid(self):
        return self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self.returncode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self._process.kill()

    def communicate(self, timeout=None):
        """Waits for the end; returns what is left of the output, and the errors, the first time."""
        if self.stdout.closed:
            return "", ""
        with concurrent.futures.ThreadPoolExecutor(1) as reader:
            output = reader.submit(self.stdout.read)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        with self.stdout, self.stderr:
            return output.result(), self.stderr.read()


def run_forked(arguments, timeout, **places):
    """Runs a program to its end, as `subprocess.run` does; see `ForkedPopen`."""
    pipe = subprocess.PIPE
    program = ForkedPopen(arguments, stdout=pipe, stderr=pipe, **places)
    output, errors = program.communicate(timeout)
    return subprocess.CompletedProcess(program.args, program.returncode, output, errors)
