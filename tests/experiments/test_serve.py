"""serve.py and serve_load.py as processes: started, asked, stopped, killed and started again."""

import contextlib
import http.client
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse

import numpy as np
import pytest
from PIL import Image

from experiments.serving.load import measure_load
from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import EmbeddingSettings, embed_pictures
from tests.conftest import make_class_folders
from tests.detection.drawn import box_at, draw_page, draw_symbol
from tests.experiments.conftest import ROOT, command, run_script
from tests.forked import ForkedPopen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        None in map(importlib.util.find_spec, ("fastapi", "orjson", "uvicorn")),
        reason='FastAPI, orjson or uvicorn (the extra "serve") is missing',
    ),
]
QUERY = "class_1/002.png"
FLAGS = ("--encoder_dir=encoder.keras", "--index=embeddings.npz", "--max_batch=4")
SYMBOLS = ("--gallery=symbols", "--smallest_symbol=28", "--largest_symbol=36", "--angles=1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """12 pictures of three classes in `gallery`, their encoder and their embeddings."""
    folder = tmp_path_factory.mktemp("serve")
    root = make_class_folders(folder / "gallery", num_classes=3, pictures_per_class=4, size=16)
    build_encoder("resnet10", image_size=16, width=0.125).save(folder / "encoder.keras")
    embed_pictures(
        index_pictures(str(root), None, Selection(validation_fraction=0, test_fraction=0)),
        folder / "encoder.keras",
        folder / "embeddings.npz",
        EmbeddingSettings(image_size=16),
        root=str(root),
    )
    (folder / "symbols").mkdir()
    for name in ("house", "cross"):
        picture = np.pad(draw_symbol(name, 64), 8, constant_values=255)
        Image.fromarray(picture).save(folder / f"symbols/{name}.png")
    return folder


@contextlib.contextmanager
def started(folder, *arguments):
    """A process that serves, and its address."""
    process = ForkedPopen(
        command("serve", *FLAGS, *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        if SYMBOLS[0] in arguments:
            assert line == "Gallery: 2 examples of 2 classes\n", process.stderr.read()
            line = process.stdout.readline()
        assert re.match(
            r"12 pictures(, 2 classes of symbols)?\. Serving http://127\.0\.0\.1:", line
        ), process.stderr.read()
        yield process, line.split("Serving ")[1].split(" ")[0]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def address(folder):
    """The address of a service for all tests; SIGTERM ends it in the end without a word."""
    with started(folder, *SYMBOLS, "--port=0") as (process, address):
        yield address
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output, errors) == (143, "", "")


def connection(address):
    place = urllib.parse.urlsplit(address)
    return contextlib.closing(http.client.HTTPConnection(place.hostname, place.port, timeout=60))


def ask(address, path, content=None):
    """Status and JSON of an answer."""
    with connection(address) as server:
        server.request("GET" if content is None else "POST", path, content)
        answer = server.getresponse()
        return answer.status, json.loads(answer.read())


def is_same(answer, other):
    """Whether two answers hold the same embedding by the same encoder."""
    assert (answer[0], answer[1]["encoder"]) == (other[0], other[1]["encoder"])
    return np.allclose(answer[1]["embedding"], other[1]["embedding"], atol=1e-5)


def names_below(folder):
    return sorted(os.fspath(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_picture_is_embedded_and_searched_with(folder, address):
    content = (folder / "gallery" / QUERY).read_bytes()
    status, embedded = ask(address, "/embed", content)
    assert status == 200 and np.linalg.norm(embedded["embedding"]) == pytest.approx(1, abs=1e-5)
    status, found = ask(address, "/search?k=3", content)
    assert status == 200 and found["neighbours"][0]["path"] == QUERY
    assert found["encoder"] == embedded["encoder"]
    status, health = ask(address, "/health")
    assert status == 200 and health["status"] == "ok" and health["pictures_embedded"] >= 2


def test_symbols_are_found_on_a_drawing(address):
    file = io.BytesIO()
    page = draw_page([("house", 15, 110, 0), ("cross", 150, 20, 0)])
    Image.fromarray(page).save(file, "PNG")
    status, answer = ask(address, "/detect", file.getvalue())
    assert (status, answer["width"], answer["height"]) == (200, 240, 160)
    best = {one["label"]: one["box"] for one in answer["symbols"][:2]}
    np.testing.assert_allclose(best["house"], box_at(15, 110), atol=4)
    np.testing.assert_allclose(best["cross"], box_at(150, 20), atol=4)
    assert ask(address, "/detect", b"no drawing")[0] == 422


def test_what_is_no_http_does_not_stop_it(folder, address):
    place = urllib.parse.urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(place.hostname, place.port, 60)) as server:
        server.connect()
        server.sock.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert server.sock.recv(100).startswith(b"HTTP/1.1 400")
    assert ask(address, "/health")[0] == 200


def test_a_client_that_goes_away_does_not_stop_it(folder, address):
    with connection(address) as server:
        server.putrequest("POST", "/embed")
        server.putheader("Content-Length", "1000")
        server.endheaders(b"half of it")
    with connection(address) as server:
        server.request("POST", "/embed", (folder / "gallery" / QUERY).read_bytes())
    assert ask(address, "/embed", (folder / "gallery" / QUERY).read_bytes())[0] == 200


def test_another_host_name_is_refused(address):
    with connection(address) as server:
        server.request("GET", "/health", headers={"Host": "evil.example"})
        answer = server.getresponse()
        assert answer.status == 421
        assert json.loads(answer.read()) == {"error": "Nothing is served under that name."}


def test_many_clients_at_once_get_right_answers(folder, address):
    contents = [path.read_bytes() for path in sorted((folder / "gallery").rglob("*.png"))]
    report = measure_load(address, contents, clients=12, seconds=1.0)
    assert report.errors == {} and report.requests >= 12
    assert 0 < report.p50_ms <= report.p99_ms <= report.max_ms
    assert 1 <= report.mean_batch <= 4


def test_killed_and_started_again_it_answers_as_before_and_leaves_no_file(folder):
    content = (folder / "gallery" / QUERY).read_bytes()
    before = names_below(folder)
    with started(folder, "--port=0") as (process, address), connection(address) as open_one:
        first = ask(address, "/embed", content)
        open_one.putrequest("POST", "/embed")
        open_one.putheader("Content-Length", str(len(content)))
        open_one.endheaders(content[:10])
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
    port = urllib.parse.urlsplit(address).port
    with started(folder, f"--port={port}") as (process, again), connection(again) as open_one:
        assert again == address and is_same(ask(again, "/embed", content), first)
        # What is in hand when it is told to stop is still answered.
        open_one.putrequest("POST", "/embed")
        open_one.putheader("Content-Length", str(len(content)))
        open_one.endheaders(content[:10])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        open_one.send(content[10:])
        answer = open_one.getresponse()
        assert is_same((answer.status, json.loads(answer.read())), first)
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output, errors) == (143, "", "")
    assert names_below(folder) == before


# === Load ===


def test_the_load_on_a_running_service_is_written(folder, address, tmp_path):
    done = run_script(
        folder,
        "serve_load",
        f"--address={address}",
        "--clients=4",
        "--seconds=0.5",
        "--data_dir=gallery",
        f"--output={tmp_path / 'load.json'}",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "load.json").read_text())
    assert figures["clients"] == 4 and figures["running"]["errors"] == {}
    assert figures["running"]["requests_per_second"] > 0


def test_the_load_with_and_without_batching_is_compared(folder, tmp_path):
    done = run_script(
        folder,
        "serve_load",
        "--encoder_dir=encoder.keras",
        "--clients=8",
        "--seconds=0.5",
        f"--output={tmp_path / 'load.json'}",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "load.json").read_text())
    batched, unbatched = figures["batched"], figures["unbatched"]
    assert batched["errors"] == unbatched["errors"] == {}
    assert unbatched["mean_batch"] == 1 <= batched["mean_batch"]
    wanted = batched["requests_per_second"] / unbatched["requests_per_second"]
    assert figures["ratio"] == pytest.approx(wanted)


# === Mistakes ===


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--index=none.npz"], "`index` must be a file that embed.py or retrieve.py wrote"),
        (["--max_batch=0"], "`max_batch` must be at least 1"),
        (["--image_size=16"], "`image_size` is told by `index`"),
        (["--encoder_dir=gallery"], "`encoder_dir` must be a .keras file"),
        (["--gallery=none"], "`gallery` must be an existing folder"),
    ],
)
def test_a_mistake_is_answered_in_one_line(folder, arguments, message):
    done = run_script(folder, "serve", *FLAGS, "--port=0", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line


def test_a_port_that_is_taken_is_named(folder, address):
    port = urllib.parse.urlsplit(address).port
    done = run_script(folder, "serve", *FLAGS, f"--port={port}")
    assert done.returncode == 2 and f"port={port}" in done.stderr


def test_load_on_nothing_is_one_line(folder):
    done = run_script(folder, "serve_load")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and "Exactly one of `encoder_dir` and `address`" in line
