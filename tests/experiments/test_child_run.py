"""What becomes of a run that ends in its own way, with small programs in place of scripts."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from experiments.child_run import run_child
from tests.experiments.conftest import ROOT


@pytest.fixture
def run(tmp_path):
    lock = os.open(tmp_path / ".lock", os.O_RDWR | os.O_CREAT)
    yield lambda program: run_child([sys.executable, "-c", textwrap.dedent(program)], lock)
    os.close(lock)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print('fine')", None),
        ("import sys; sys.exit('Error: `margin` must be greater than 0')", "`margin` must be gre"),
        ("import sys; sys.stderr.write('50 %\\rError: no\\n\\nbye\\n'); sys.exit(2)", "no"),
        ("raise RuntimeError('no memory')", "RuntimeError: no memory (exit status 1)"),
        ("import sys; sys.exit(3)", "it said nothing (exit status 3)"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, perhaps for want of memory"),
        ("import os; os.kill(os.getpid(), 15)", "killed by SIGTERM"),
    ],
)
def test_the_reason_of_a_failure_is_one_line(run, program, reason):
    found = run(program)
    assert (found is None) if reason is None else found.startswith(reason)


def test_errors_are_passed_on_and_output_is_dropped(run, capfd):
    run("import sys; print('table'); sys.stderr.write('progress')")
    assert capfd.readouterr() == ("", "progress")


def test_a_long_last_line_is_cut(run):
    assert len(run("raise ValueError('x' * 5000)")) < 600


CHILD = """
import signal, sys, time
def stop(number, frame):
    print("stopped by", signal.Signals(number).name, file=sys.stderr, flush=True)
    time.sleep(0.3)
    sys.exit(9)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, stop)
print("ready", file=sys.stderr, flush=True)
time.sleep(60)
"""
PARENT = """
import os, sys
from experiments.child_run import run_child
run_child([sys.executable, "-c", {child!r}], os.open(".", os.O_RDONLY))
"""


@pytest.mark.parametrize(
    ("sent", "passed_on", "status"),
    [
        (signal.SIGINT, "SIGINT", -signal.SIGINT),
        (signal.SIGTERM, "SIGTERM", 143),
        (signal.SIGHUP, "SIGTERM", 129),
    ],
)
def test_a_signal_is_passed_on_once_and_waited_for(tmp_path, sent, passed_on, status):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(child=CHILD)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while "ready" not in parent.stderr.readline() and time.monotonic() < end:
            pass
        # As a terminal does: to the whole group.
        os.killpg(parent.pid, sent)
        _, errors = parent.communicate(timeout=60)
    finally:
        parent.kill()
    assert errors.count("stopped by") == 1 and f"stopped by {passed_on}" in errors
    assert parent.returncode == status
