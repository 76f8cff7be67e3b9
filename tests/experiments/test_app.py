"""app.py as a person and as an attacker meet it: a process, HTTP and a real browser."""

import contextlib
import http.client
import importlib.util
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import EmbeddingSettings, embed_pictures
from tests.conftest import make_class_folders
from tests.detection.drawn import box_at, draw_page
from tests.experiments.conftest import ROOT, command, run_script
from tests.forked import ForkedPopen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("gradio") is None, reason='Gradio (the extra "app") is missing'
    ),
]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUERY = "class_1/002.png"
SCROLL = "([x, y]) => document.querySelector('#query-box .view').scrollTo(x, y)"
ZOOM = (
    "document.querySelector('#query-box .frame').offsetWidth"
    " / document.querySelector('#query-box .view').clientWidth"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """18 pictures of three classes in `gallery`, their encoder and embeddings, and a secret."""
    folder = tmp_path_factory.mktemp("app")
    root = make_class_folders(folder / "gallery", num_classes=3, pictures_per_class=6, size=32)
    (folder / "encoder").mkdir()
    build_encoder("resnet10", image_size=32, width=0.125).save(folder / "encoder/encoder.keras")
    embed_pictures(
        index_pictures(str(root), None, Selection(validation_fraction=0, test_fraction=0)),
        folder / "encoder",
        folder / "embeddings.npz",
        EmbeddingSettings(image_size=32),
        root=str(root),
    )
    (folder / "secret.txt").write_text("the secret")
    return folder


@contextlib.contextmanager
def started(folder, greeting, *arguments):
    """The address of a page on a free port; it is stopped in the end and leaves nothing."""
    temporary = folder / "temporary"
    temporary.mkdir()
    process = ForkedPopen(
        command("app", *arguments, "--port=0"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT), "TMPDIR": os.fspath(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith(f"{greeting} Open http://127.0.0.1:"), process.stderr.read()
        yield line.split("Open ")[1].split(" ")[0]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 143, errors
        assert list(temporary.glob("simclr_tf_app_*")) == []
    finally:
        process.kill()


@pytest.fixture(scope="module")
def address(folder):
    arguments = ("--encoder_dir=encoder", "--index=embeddings.npz", "--top_k=8")
    with started(folder, "18 pictures.", *arguments) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    with sync_api.sync_playwright() as playwright:
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=as_root)
        yield opened
        opened.close()


def opened(browser, address):
    """The page with everything that went wrong in it and every address that it asked."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.faults, page.asked = [], []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    page.set_default_timeout(60_000)
    page.wait_for_selector("#query-box input[type=file]", state="attached")
    return page


@pytest.fixture
def page(browser, address):
    page = opened(browser, address)
    yield page
    page.close()


def drag(page, box, shape):
    """Draws a box, in pixels of a drawing of this shape, on the part of it that is in view."""
    area = page.query_selector("#query-box .frame").bounding_box()
    scale = area["width"] / shape[1]
    x_min, y_min, x_max, y_max = (float(edge) * scale for edge in box)
    page.evaluate(SCROLL, [x_min - 20, y_min - 20])
    area = page.query_selector("#query-box .frame").bounding_box()
    page.mouse.move(area["x"] + x_min, area["y"] + y_min)
    page.mouse.down()
    page.mouse.move(area["x"] + x_max, area["y"] + y_max, steps=3)
    page.mouse.up()


def choose(page, file):
    page.set_input_files("#query-box input[type=file]", file)


def cards(page):
    """Path and score of every card."""
    page.wait_for_selector("#neighbours .card")
    return [
        (
            card.query_selector(".path").inner_text(),
            float(card.query_selector(".score").inner_text()),
        )
        for card in page.query_selector_all("#neighbours .card")
    ]


def searched(page, name):
    """Waits until the page shows the answer to the query `name`; returns its cards."""
    page.wait_for_selector(f'#query-box .name:text-is("{name}")')
    page.wait_for_selector("#notice .notice:has-text('most similar')")
    return cards(page)


@pytest.mark.browser
def test_a_picture_is_chosen_and_a_neighbour_searched_with(page, folder):
    choose(page, folder / "gallery" / QUERY)
    found = searched(page, "002.png")
    assert len(found) == 8 and found[0] == (QUERY, 1.0)
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
    second = found[1][0]
    page.click("#neighbours .card:nth-child(2) button")
    found = searched(page, second)
    assert len(found) == 8 and second not in [path for path, _ in found]
    assert page.faults == []


@pytest.mark.browser
def test_classes_number_and_a_drawn_box_change_what_is_found(page, folder):
    choose(page, folder / "gallery" / QUERY)
    whole = searched(page, "002.png")
    page.click("#classes input")
    page.click('[role=option]:has-text("class_2")')
    page.wait_for_function("document.querySelectorAll('#neighbours .card').length == 6")
    assert all(path.startswith("class_2/") for path, _ in cards(page))
    page.keyboard.press("Escape")
    page.click("#classes .remove-all")
    page.wait_for_function("document.querySelectorAll('#neighbours .card').length == 8")
    page.fill("#top-k input[type=number]", "3")
    page.wait_for_function("document.querySelectorAll('#neighbours .card').length == 3")
    page.fill("#top-k input[type=number]", "8")
    page.wait_for_function("document.querySelectorAll('#neighbours .card').length == 8")
    # The list of classes lies over the picture until it has faded out.
    page.wait_for_selector("[role=listbox]", state="detached")
    area = page.query_selector("#query-box .frame").bounding_box()
    page.mouse.move(area["x"] + 2, area["y"] + 2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 3, area["y"] + area["height"] / 3, steps=3)
    page.mouse.up()
    page.wait_for_selector("#query-box .whole")
    part = cards(page)
    assert part != whole and part[0][1] < 1
    page.click("#query-box .whole")
    page.wait_for_selector("#query-box .whole", state="detached")
    assert cards(page) == whole
    assert page.faults == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.png", b"no picture", "not a picture in a known format"),
        ("<b>odd</b>.jpg", b"\xff\xd8\xff\xe0 cut off", "cannot be searched with"),
    ],
)
def test_a_broken_file_is_told_and_the_page_goes_on(page, folder, name, content, message):
    choose(page, {"name": name, "mimeType": "image/png", "buffer": content})
    told = page.wait_for_selector("#notice .error").inner_text()
    assert name in told and message in told
    choose(page, folder / "gallery" / QUERY)
    assert searched(page, "002.png")[0] == (QUERY, 1.0)
    assert page.query_selector("#notice .error") is None


@pytest.mark.browser
def test_a_file_that_is_too_large_is_told_without_being_sent(page):
    choose(page, {"name": "large.png", "mimeType": "image/png", "buffer": bytes(20_000_001)})
    page.wait_for_selector('#query-box .status:has-text("more than the accepted 20 MB")')
    assert not [url for url in page.asked if "/upload" in url]


@pytest.mark.browser
def test_the_page_asks_no_other_machine(page, address, folder):
    choose(page, folder / "gallery" / QUERY)
    searched(page, "002.png")
    elsewhere = [u for u in page.asked if not u.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


# === Drawings ===


@pytest.mark.browser
def test_a_box_drawn_round_one_symbol_shows_all_others(browser, tmp_path):
    spots = [(15, 110), (150, 20), (100, 110)]
    drawing = draw_page([*(("house", x, y, 0) for x, y in spots), ("cross", 60, 20, 0)])
    Image.fromarray(drawing).save(tmp_path / "plan.png")
    with started(tmp_path, "Symbols on drawings.", "--drawings", "--angles=1") as address:
        page = opened(browser, address)
        choose(page, {"name": "b.png", "mimeType": "image/png", "buffer": b"no picture"})
        told = page.wait_for_selector("#query-box .notice.error").inner_text()
        assert "b.png cannot be searched: not a picture" in told
        choose(page, tmp_path / "plan.png")
        page.wait_for_selector('#query-box .name:text-is("plan.png")')
        page.click("#query-box .larger")
        drag(page, np.array(box_at(*spots[0])) + [-4, -4, 4, 4], drawing.shape)
        page.wait_for_selector("#query-box .mark:visible >> nth=2")
        page.fill("#query-box .least input", "0.5")
        page.wait_for_function("document.querySelector('.least output').textContent == '0.50'")
        scores = page.eval_on_selector_all(
            "#query-box .symbol:visible .score", "all => all.map(one => Number(one.textContent))"
        )
        assert len(scores) == 3 and sorted(scores, reverse=True) == scores
        lefts = page.eval_on_selector_all(
            "#query-box .mark:visible", "all => all.map(one => parseFloat(one.style.left))"
        )
        # The edges in percent of the 240 pixels of the page.
        np.testing.assert_allclose(sorted(lefts), [6.25, 41.7, 62.5], atol=1.5)
        # The drawing stays as large as it was, and more is shown when less is asked for.
        assert page.evaluate(ZOOM) == pytest.approx(1.5, abs=0.05)
        page.fill("#query-box .least input", "1")
        page.wait_for_function("!document.querySelector('.mark:not([hidden])')")
        assert page.inner_text("#query-box .count") == "0"
        drag(page, [2, 2, 14, 14], drawing.shape)
        page.wait_for_selector("#query-box .notice.error:has-text('nothing drawn')")
        assert page.faults == []
        assert [u for u in page.asked if not u.startswith((address, "data:", "blob:"))] == []
        page.close()


# === Attacks ===


def ask(address, path, method="GET", body=None, headers=None):
    """Status and content of an answer to a request whose path is sent as it is."""
    place = urllib.parse.urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(place.hostname, place.port, 60)) as server:
        server.request(method, path, body, headers or {})
        answer = server.getresponse()
        return answer.status, answer.read()


def upload(address, content, name="x.png"):
    """Sends a file as the page does; returns the status and the path on the server, if any."""
    body = (
        (
            f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + content
        + b"\r\n--edge--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    status, answer = ask(address, "/gradio_api/upload", "POST", body, kind)
    return status, json.loads(answer)[0] if status == 200 else None


def answer_to(address, event, data, listener):
    """Everything that the server sends back for an event with this data."""
    body = {
        "data": data,
        "event_data": event,
        "fn_index": listener,
        "session_hash": "attack",
        "trigger_id": None,
    }
    kind = {"Content-Type": "application/json"}
    ask(address, "/gradio_api/queue/join", "POST", json.dumps(body), kind)
    return ask(address, "/gradio_api/queue/data?session_hash=attack")[1].decode()


def picture_bytes():
    file = io.BytesIO()
    Image.fromarray(np.full((9, 9, 3), 77, np.uint8)).save(file, "PNG")
    return file.getvalue()


FILE_ROUTES = (
    "/gradio_api/file={}",
    "/gradio_api/file%3D{}",
    "/gradio_api/%66ile={}",
    "//gradio_api/file={}",
    "/gradio_api/./file={}",
    "/gradio_api/file/{}",
    "/file={}",
    "/file/{}",
    "/static/..{}",
    "/assets/../../../../../../../../..{}",
    "/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..{}",
    "/gradio_api/proxy=file://{}",
    "/gradio_api/stream/{}",
    "/theme.css/..{}",
)


@pytest.mark.parametrize("route", FILE_ROUTES)
def test_no_address_gives_a_file(address, folder, route):
    gallery_file = folder / "gallery" / QUERY
    _, uploaded = upload(address, picture_bytes())
    assert pathlib.Path(uploaded).is_file()
    for path in (folder / "secret.txt", gallery_file, pathlib.Path(uploaded), "/etc/passwd"):
        status, content = ask(address, route.format(path))
        assert status == 404
        assert content == b"There is no such page."


@pytest.mark.parametrize("listener", range(3))
def test_no_event_gives_a_file_outside_the_gallery(address, folder, listener):
    secret = str(folder / "secret.txt")
    file = {"path": secret, "meta": {"_type": "gradio.FileData"}, "orig_name": "x.png"}
    for event in (
        {"path": secret, "name": "x.png"},
        {"path": file, "name": "x.png"},
        {"row": secret},
        {"row": -1},
        {"region": [secret] * 4},
        file,
    ):
        # What the page keeps of the query stays on the server: the first value is ignored.
        said = answer_to(address, event, [file, 5, []], listener)
        assert "process_completed" in said
        assert "the secret" not in said and "data:image" not in said


def test_the_service_goes_on_after_files_that_are_none(address):
    for content in (b"", b"GIF89a", picture_bytes()[:40], os.urandom(5000)):
        status, path = upload(address, content)
        assert status == 200
        said = answer_to(address, {"path": path, "name": "x.png"}, [None, 5, []], 0)
        assert "cannot be searched with" in said
    _, path = upload(address, picture_bytes())
    assert "data:image" in answer_to(address, {"path": path, "name": "x"}, [None, 5, []], 0)


def test_an_upload_over_the_limit_is_refused_before_it_is_read(address):
    place = urllib.parse.urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(place.hostname, place.port, 60)) as server:
        server.putrequest("POST", "/gradio_api/upload")
        server.putheader("Content-Type", "multipart/form-data; boundary=edge")
        server.putheader("Content-Length", "20100000")
        server.endheaders()
        assert server.getresponse().status == 413


def test_another_host_name_is_refused(address):
    assert ask(address, "/", headers={"Host": "evil.example"})[0] == 421


def test_the_browser_is_told_to_load_from_here_only(address):
    place = urllib.parse.urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(place.hostname, place.port, 60)) as server:
        server.request("GET", "/")
        answer = server.getresponse()
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


# === Mistakes ===


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`encoder_dir` and `index` must be given, or `drawings`"),
        (["--drawings", "--index=embeddings.npz"], "`index` is of the page without `drawings`"),
        (["--index=none.npz"], "`index` must be a file that embed.py or retrieve.py wrote"),
        (["--index=secret.txt"], "'secret.txt' is not an index of simclr_tf, or was cut off"),
        (["--index=embeddings.npz", "--top_k=0"], "`top_k` must be at least 1"),
        (["--index=embeddings.npz", "--max_megabytes=0"], "`max_megabytes` must be greater than 0"),
        (["--index=embeddings.npz", "--port=99999"], "`port` must be between 0 and 65535"),
        (["--index=embeddings.npz", "--host=192.0.2.1"], "`host` and `port` must be an address"),
        (
            ["--index=embeddings.npz", "--encoder_dir=gallery"],
            "`encoder_dir` must be a .keras file",
        ),
    ],
)
def test_a_mistake_is_answered_in_one_line(folder, arguments, message):
    done = run_script(folder, "app", "--encoder_dir=encoder", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line


def test_help_lists_the_flags_that_there_are(folder):
    done = run_script(folder, "app", "--help")
    assert done.returncode == 0
    for flag in ("--encoder_dir: ", "--index: ", "--host: ", "--max_megabytes: ", "--top_k: "):
        assert flag in done.stdout
    assert "--image_size" not in done.stdout


def test_a_port_that_is_taken_is_named(folder, address):
    port = urllib.parse.urlsplit(address).port
    done = run_script(
        folder, "app", "--encoder_dir=encoder", "--index=embeddings.npz", f"--port={port}"
    )
    assert done.returncode == 2 and f"port={port}" in done.stderr
