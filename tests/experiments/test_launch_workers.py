"""Workers that end in their own way, with small programs in place of scripts."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from experiments.launch_workers import run_workers
from tests.experiments.conftest import ROOT, command


def run(program, count=2, grace=1.0):
    return run_workers([sys.executable, "-c", textwrap.dedent(program)], count, grace)


def test_every_worker_knows_the_cluster_and_its_own_place(tmp_path, capfd):
    program = f"""
        import json, os
        config = json.loads(os.environ["TF_CONFIG"])
        name = str(config["task"]["index"])
        open(os.path.join({os.fspath(tmp_path)!r}, name), "w").write(json.dumps(config))
    """
    assert run(program, count=3) == 0
    configs = [json.loads((tmp_path / str(index)).read_text()) for index in range(3)]
    assert [config["task"] for config in configs] == [
        {"type": "worker", "index": index} for index in range(3)
    ]
    addresses = configs[0]["cluster"]["worker"]
    assert len(set(addresses)) == 3
    assert all(config["cluster"] == {"worker": addresses} for config in configs)


ASK = "import json, os, sys, time; index = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"


def test_the_chief_prints_and_errors_of_the_others_carry_their_number(capfd):
    assert run(ASK + "print('table', index); sys.stderr.write(f'oh {index}\\n')") == 0
    output, errors = capfd.readouterr()
    assert output == "table 0\n"
    assert sorted(errors.splitlines()) == ["[worker 1] oh 1", "oh 0"]


@pytest.mark.parametrize(
    ("end", "status", "how"),
    [
        ("sys.exit(3)", 3, "worker 1 of 2 ended with 3"),
        ("os.kill(os.getpid(), 9)", 137, "worker 1 of 2 was killed by SIGKILL"),
    ],
)
def test_one_lost_worker_stops_the_others_and_is_named(capfd, end, status, how):
    begin = time.monotonic()
    assert run(ASK + f"if index == 1: {end}\ntime.sleep(100)") == status
    assert time.monotonic() - begin < 60
    errors = capfd.readouterr().err
    assert f"Error: {how}; the others were stopped" in errors
    assert "--resume goes on from the last checkpoint" in errors


def test_the_one_that_was_killed_is_the_cause(capfd):
    # Both are gone when the launcher looks.
    program = ASK + "time.sleep(0.3)\nos.kill(os.getpid(), 9) if index == 1 else sys.exit(2)"
    assert run(program) in (137, 2)


def test_a_worker_that_does_not_listen_is_made_to_end():
    program = ASK + (
        "import signal; signal.signal(15, signal.SIG_IGN)\n"
        "sys.exit(1) if index == 1 else time.sleep(100)"
    )
    assert run(program, grace=0.5) == 1


def start(arguments):
    return subprocess.Popen(
        command("launch_workers", *arguments),
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_passed_on_to_all(tmp_path, sent, status):
    program = tmp_path / "program.py"
    program.write_text(
        "import signal, sys, time\n"
        "def stop(number, frame):\n"
        "    print('stopped', file=sys.stderr, flush=True)\n"
        "    sys.exit(128 + number)\n"
        "for number in (2, 15): signal.signal(number, stop)\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "time.sleep(100)\n"
    )
    process = start(["--workers=2", os.fspath(program)])
    try:
        # What both say may stand in one line.
        said = ""
        while said.count("ready") < 2:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(sent)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert errors.count("stopped") == 2
    assert process.returncode == status


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers=0", "program.py"], "`workers` must be at least 1"),
        (["--workers=2"], "Name the script that the workers run"),
    ],
)
def test_a_command_that_cannot_be_run_is_refused(arguments, said):
    process = start(arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in errors
