"""What the page of app.py answers, says and refuses, without Gradio and without a browser."""

import asyncio
import base64
import io
import json
import os
import re

import numpy as np
import pytest
from PIL import Image

from experiments.search_page import markup
from experiments.search_page.answers import Answers
from experiments.search_page.guard import Guard
from simclr_tf.protocols import EmbeddingSettings, PictureSearch, UploadLimits
from simclr_tf.protocols.picture_search import ShownPicture
from simclr_tf.retrieval import FoundPicture
from tests.protocols.test_picture_search import embedded, mean_colours, picture_bytes


@pytest.fixture
def uploads(tmp_path):
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def answers(tmp_path, uploads):
    gallery = embedded(tmp_path / "g")
    limits = UploadLimits(max_megabytes=0.1)
    settings = EmbeddingSettings(image_size=8)
    return Answers(PictureSearch(gallery, mean_colours, settings, limits=limits), uploads)


def sent(uploads, content=None, name="x.png"):
    """An upload as it arrives: a file in the folder of uploads."""
    path = uploads / "0123"
    content = picture_bytes(Image.new("RGB", (40, 20), "red")) if content is None else content
    path.write_bytes(content)
    return {"path": str(path), "name": name}


def rows(answer):
    return [int(row) for row in re.findall(r'data-row="(\d+)"', answer.neighbours)]


# === Answers ===


def test_an_upload_shows_its_picture_and_neighbours_with_scores_and_paths(answers, uploads):
    answer = answers.to_upload(None, sent(uploads), 2, ())
    assert rows(answer) == [0, 1]
    assert "red/a.png" in answer.neighbours and ">1.000<" in answer.neighbours
    assert "x.png" in answer.box and "data:image/jpeg" in answer.box
    assert "2 most similar pictures in" in answer.notice


def test_an_upload_is_deleted_once_it_is_read(answers, uploads):
    answers.to_upload(None, sent(uploads), 2, ())
    assert list(uploads.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{0}/g/red/a.png", "{0}/uploads/../g/red/a.png", "{0}/uploads", "\0", 3]
)
def test_a_path_outside_the_uploads_is_not_taken_for_one(answers, tmp_path, path):
    path = path.format(tmp_path) if isinstance(path, str) else path
    answer = answers.to_upload(None, {"path": path, "name": "x.png"}, 2, ())
    assert "did not arrive" in answer.notice and answer.neighbours is None
    assert (tmp_path / "g/red/a.png").exists()


def test_a_link_among_the_uploads_is_not_followed(answers, uploads, tmp_path):
    (uploads / "link").symlink_to(tmp_path / "g/red/a.png")
    answer = answers.to_upload(None, {"path": str(uploads / "link"), "name": "x"}, 2, ())
    assert "did not arrive" in answer.notice and (tmp_path / "g/red/a.png").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "not a picture in a known format"),
        (b"", "the file is empty"),
        (bytes(100_001), "0.1 MB, more than the accepted 0.1 MB"),
        (picture_bytes(Image.effect_noise((64, 64), 90))[:999], "broken picture"),
    ],
    ids=["text", "empty", "large", "cut off"],
)
def test_a_broken_upload_is_told_and_what_was_shown_stays(answers, uploads, content, reason):
    before = answers.to_upload(None, sent(uploads, name="good.png"), 2, ())
    answer = answers.to_upload(before.asked, sent(uploads, content, "bad.png"), 2, ())
    assert f"bad.png cannot be searched with: {reason}" in answer.notice
    assert 'role="alert"' in answer.notice
    assert answer.asked is before.asked and "good.png" in answer.box
    assert answer.neighbours is None


@pytest.mark.parametrize("message", [None, 3, "x", [], {}])
def test_a_message_of_another_form_is_answered(answers, message):
    assert "did not arrive" in answers.to_upload(None, message, 2, ()).notice
    assert "Choose a picture first" in answers.to_region(None, message, 2, ()).notice
    assert "`row` must be" in answers.to_pick(None, message, 2, ()).notice


def test_a_region_is_searched_with_until_it_is_taken_back(answers, uploads):
    picture = Image.new("RGB", (40, 40), "red")
    picture.paste("blue", (30, 30, 40, 40))
    asked = answers.to_upload(None, sent(uploads, picture_bytes(picture)), 1, ()).asked
    marked = answers.to_region(asked, {"region": [0.75, 0.75, 1, 1]}, 1, ())
    assert rows(marked) == [2] and "left: 75.000%" in marked.box
    # It holds when a setting changes.
    assert rows(answers.to_settings(marked.asked, 2, ()))[0] == 2
    assert rows(answers.to_region(marked.asked, {"region": None}, 1, ())) == [0]


@pytest.mark.parametrize("region", [[1, 2, 3, 4], [0, 0, 1], "abcd", [0, 0, None, 1], 5])
def test_a_region_that_is_none_is_told(answers, uploads, region):
    asked = answers.to_upload(None, sent(uploads), 1, ()).asked
    answer = answers.to_region(asked, {"region": region}, 1, ())
    assert 'role="alert"' in answer.notice and answer.asked is asked


def test_a_neighbour_is_searched_with(answers):
    answer = answers.to_pick(None, {"row": 0}, 5, ())
    assert rows(answer) == [1, 2] and "red/a.png" in answer.box


@pytest.mark.parametrize("row", [-1, 3, "0", 1.5, None, 10**30])
def test_a_row_that_is_not_there_is_told(answers, row):
    assert "`row` must be" in answers.to_pick(None, {"row": row}, 5, ()).notice


def test_a_deleted_picture_is_told_on_its_card_and_above(answers, tmp_path):
    (tmp_path / "g/red/b.png").unlink()
    answer = answers.to_pick(None, {"row": 0}, 5, ())
    assert rows(answer) == [1, 2] and "deleted since it was indexed" in answer.neighbours
    assert "1 of them cannot be shown: deleted since it was indexed." in answer.notice
    # It can be searched with all the same.
    picked = answers.to_pick(answer.asked, {"row": 1}, 1, ())
    assert rows(picked) == [0] and "deleted since it was indexed" in picked.box


def test_no_more_neighbours_are_shown_than_the_page_offers(answers, monkeypatch):
    monkeypatch.setattr("experiments.search_page.answers.MOST_NEIGHBOURS", 1)
    assert rows(answers.to_pick(None, {"row": 0}, 10**9, ())) == [1]


@pytest.mark.parametrize("k", [0, -1, "many"])
def test_a_number_of_neighbours_that_is_none_is_told(answers, k):
    assert 'role="alert"' in answers.to_pick(None, {"row": 0}, k, ()).notice


def test_settings_before_the_first_picture_show_nothing(answers):
    answer = answers.to_settings(None, 5, ["red"])
    assert answer.asked is None and answer.neighbours == ""


def test_a_class_without_another_picture_is_told(answers):
    answer = answers.to_pick(None, {"row": 2}, 5, ["blue"])
    assert "No other picture qualifies" in answer.notice


# === Markup ===


def test_names_are_shown_as_text():
    name = '<img src=x onerror="alert(1)">${alert(2)}{{x}}'
    found = FoundPicture(0, name, 0.5, name)
    pages = [
        markup.query_box(name, np.zeros((4, 4, 3), np.uint8)),
        markup.query_box(name, trouble=name),
        markup.neighbours([ShownPicture(found, b"", name)]),
        markup.notice(name, "error"),
        markup.heading(1, name, name),
    ]
    for page in pages:
        assert "<img src=x" not in page and "&lt;img src=x" in page


def test_a_name_that_is_not_utf_8_can_be_sent():
    found = FoundPicture(0, os.fsdecode(b"caf\xe9.png"), 0.5, "")
    page = markup.neighbours([ShownPicture(found, b"", "gone")])
    assert r"caf\xe9.png" in json.loads(json.dumps(page)).encode().decode()


def test_pictures_stand_in_the_page_itself():
    page = markup.query_box("x.png", np.full((6, 9, 3), 200, np.uint8))
    (encoded,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        assert picture.size == (9, 6)


def test_two_renderings_of_the_same_box_differ():
    assert markup.query_box("x.png") != markup.query_box("x.png")


# === Guard ===


def request(path, method="GET", host=b"127.0.0.1:7860", length=None, origin=None):
    headers = [(b"Host", host)]
    if origin is not None:
        headers.append((b"Origin", origin))
    if length is not None:
        headers.append((b"Content-Length", length))
    return {"type": "http", "path": path, "method": method, "headers": headers}


def refusal(*args, hosts=frozenset({"127.0.0.1", "localhost", "[::1]"}), **kwargs):
    return Guard(None, hosts, 500_000).refusal(request(*args, **kwargs))


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/theme.css", "/assets/index-a1_B.js", "/gradio_api/queue/data"],
)
def test_what_the_page_needs_passes(path):
    assert refusal(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file//etc/passwd",
        "/file=/etc/passwd",
        "/file/etc/passwd",
        "//gradio_api/file=/etc/passwd",
        "/gradio_api/../gradio_api/file=/etc/passwd",
        "/GRADIO_API/FILE=/etc/passwd",
        "/gradio_api/proxy=http://example.org/",
        "/gradio_api/stream/a/1/2/playlist.m3u8",
        "/gradio_api/component_server",
        "/gradio_api/custom_component/a/b/c/../../x",
        "/custom_component/a/b",
        "/assets/../../../etc/passwd",
        "/static/..%2f",
        "/monitoring/x",
        "/docs",
        "/openapi.json",
        "/\n/gradio_api/file=/etc/passwd",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT"])
def test_every_other_address_is_refused(path, method):
    assert refusal(path, method, length=b"1")[0] == 404


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/gradio_api/upload", b"500000", None),
        ("/gradio_api/upload", b"600000", 413),
        ("/gradio_api/upload", None, 411),
        ("/gradio_api/upload", b"-1", 411),
        ("/gradio_api/queue/join", b"1000000", None),
        ("/gradio_api/queue/join", b"1000001", 413),
    ],
)
def test_a_large_request_is_refused_before_it_is_read(path, length, status):
    refused = refusal(path, "POST", length=length)
    assert (refused and refused[0]) == status


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        (b"localhost:80", True),
        (b"[::1]:7860", True),
        (b"LOCALHOST", True),
        (b"evil.example", False),
        (b"127.0.0.1.evil.example:7860", False),
        (b"", False),
    ],
)
def test_another_name_of_this_machine_is_refused(host, passes):
    assert (refusal("/", host=host) is None) is passes
    assert refusal("/", host=host, hosts=None) is None


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        (b"http://127.0.0.1:7860", True),
        (b"http://127.0.0.1:7861", False),
        (b"https://evil.example", False),
        (b"null", False),
        (b"http://[", False),
    ],
)
def test_what_another_web_page_sends_is_refused(origin, passes):
    refused = refusal("/gradio_api/upload", "POST", length=b"9", origin=origin)
    assert refused is None if passes else refused[0] == 403


def called(guard, scope):
    """The messages that the guard sends."""
    sent_messages = []

    async def send(message):
        sent_messages.append(message)

    asyncio.run(guard(scope, None, send))
    return sent_messages


def test_answers_carry_a_policy_that_keeps_the_browser_from_other_hosts():
    async def app(scope, receive, send):
        own = [(b"Content-Security-Policy", b"default-src *"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b"page"})

    start, body = called(Guard(app, None, 1), request("/"))
    headers = dict(start["headers"])
    assert headers[b"content-security-policy"].startswith(b"default-src 'self'")
    assert b"Content-Security-Policy" not in headers and headers[b"x-own"] == b"1"
    assert body["body"] == b"page"


def test_a_refusal_never_reaches_the_application():
    start, body = called(Guard(None, None, 1), request("/file=/etc/passwd"))
    assert start["status"] == 404 and body["body"] == b"There is no such page."


def test_a_web_socket_is_refused():
    assert called(Guard(None, None, 1), {"type": "websocket"})[0]["type"] == "websocket.close"
