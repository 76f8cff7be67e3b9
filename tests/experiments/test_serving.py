"""What the service answers over HTTP, with a real small encoder and in this process."""

import asyncio
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import index_pictures
from simclr_tf.data.selection import Selection
from simclr_tf.encoders import build_encoder
from simclr_tf.protocols import (
    EmbeddingSettings,
    PictureService,
    ServingSettings,
    UploadLimits,
    embed_pictures,
    open_picture_service,
)
from simclr_tf.similarity import l2_normalize
from tests.conftest import make_class_folders
from tests.protocols.test_picture_search import SETTINGS, bomb, mean_colours, picture_bytes

httpx = pytest.importorskip("httpx", reason='httpx (the extra "test") is missing')
pytest.importorskip("fastapi", reason='FastAPI (the extra "serve") is missing')
pytest.importorskip("orjson", reason='orjson (the extra "serve") is missing')

from experiments.serving.application import build_application  # noqa: E402

HOST = "http://127.0.0.1:8000"
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """18 pictures of three classes in `gallery`, their encoder and their embeddings."""
    folder = tmp_path_factory.mktemp("serving")
    root = make_class_folders(folder / "gallery", num_classes=3, pictures_per_class=6, size=32)
    build_encoder("resnet10", image_size=16, width=0.125).save(folder / "encoder.keras")
    embed_pictures(
        index_pictures(str(root), None, Selection(validation_fraction=0, test_fraction=0)),
        folder / "encoder.keras",
        folder / "embeddings.npz",
        EmbeddingSettings(image_size=16),
        root=str(root),
    )
    return folder


@pytest.fixture(scope="module")
def service(folder):
    with open_picture_service(
        folder / "encoder.keras",
        folder / "embeddings.npz",
        limits=UploadLimits(max_megabytes=0.1, max_megapixels=1),
        settings=ServingSettings(max_batch=8, max_wait_ms=20, max_neighbours=20),
    ) as opened:
        opened.warm_up()
        yield opened


@pytest.fixture
def colours():
    """Makes services whose encoder is a plain function, and closes them."""
    made = []

    def make(encode=mean_colours, **settings):
        made.append(PictureService(encode, "e1", SETTINGS, settings=ServingSettings(**settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(service, *requests, hosts=HOSTS, finder=None, raise_app_exceptions=True):
    """Answers to requests (method, path, content, headers) that come at the same time."""

    async def run():
        transport = httpx.ASGITransport(
            build_application(service, hosts, finder), raise_app_exceptions=raise_app_exceptions
        )
        async with httpx.AsyncClient(transport=transport, base_url=HOST, timeout=60) as client:
            return await asyncio.gather(
                *(
                    client.request(method, path, content=content, headers={**JPEG, **headers})
                    for method, path, content, headers in requests
                )
            )

    return asyncio.run(run())


def post(service, path, content, headers=(), **options):
    return ask(service, ("POST", path, content, dict(headers)), **options)[0]


def refused(answer, status, text):
    """Asserts that the answer is one sentence in JSON."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    sentence = answer.json()["error"]
    assert text in sentence
    assert "Traceback" not in sentence and "\n" not in sentence
    return True


def noise(size=32, kind="PNG"):
    return picture_bytes(Image.effect_noise((size, size), 90).convert("RGB"), kind)


# === Embeddings ===


def test_an_embedding_equals_that_of_the_gallery(service, folder):
    gallery = service.gallery.gallery
    content = (folder / "gallery" / gallery.ids[7]).read_bytes()
    answer = post(service, "/embed", content)
    assert answer.status_code == 200
    body = answer.json()
    np.testing.assert_allclose(body["embedding"], l2_normalize(gallery.embeddings[7]), atol=1e-5)
    assert np.linalg.norm(body["embedding"]) == pytest.approx(1, abs=1e-5)
    assert body["dimension"] == len(body["embedding"]) == gallery.embeddings.shape[1]
    assert body["encoder"] == gallery.encoder


def test_broken_pictures_among_requests_at_the_same_time_spoil_no_other(service, folder):
    gallery = service.gallery.gallery
    good = [(folder / "gallery" / name).read_bytes() for name in gallery.ids]
    contents = [*good[:9], b"no picture", noise()[:500], b"", *good[9:]]
    before = service.batches.num_batches
    answers = ask(service, *(("POST", "/embed", content, {}) for content in contents))
    assert [answer.status_code for answer in answers] == [200] * 9 + [422] * 3 + [200] * 9
    found = [answer.json()["embedding"] for answer in answers if answer.status_code == 200]
    np.testing.assert_allclose(found, l2_normalize(gallery.embeddings), atol=1e-5)
    # 18 good pictures, at most 8 in a batch.
    assert 3 <= service.batches.num_batches - before < 18
    assert refused(answers[9], 422, "The picture is not accepted: not a picture in a known format.")
    assert refused(answers[10], 422, "broken picture")
    assert refused(answers[11], 422, "the file is empty")


def test_a_region_is_embedded(service):
    picture = Image.effect_noise((64, 64), 90).convert("RGB")
    part = post(service, "/embed?region=0.5,0.5,1,1", picture_bytes(picture)).json()
    cut = post(service, "/embed", picture_bytes(picture.crop((32, 32, 64, 64)))).json()
    np.testing.assert_allclose(part["embedding"], cut["embedding"], atol=1e-5)


# === Search ===


def test_a_search_answers_paths_labels_and_scores(service, folder):
    path = "class_1/002.png"
    answer = post(service, "/search?k=4", (folder / "gallery" / path).read_bytes())
    body = answer.json()
    first = body["neighbours"][0]
    assert (first["path"], first["label"]) == (path, "class_1")
    assert first["score"] == pytest.approx(1, abs=1e-5)
    scores = [one["score"] for one in body["neighbours"]]
    assert len(scores) == 4 and scores == sorted(scores, reverse=True)
    assert body["encoder"] == service.encoder


def test_no_path_of_the_machine_is_told(service, folder):
    for path in ("/search?k=20", "/embed"):
        assert str(folder) not in post(service, path, noise()).text
    assert str(folder) not in ask(service, ("GET", "/health", b"", {}))[0].text


def test_a_search_is_narrowed_to_classes(service):
    answer = post(service, "/search?k=20&class_names=class_0&class_names=class_2", noise())
    labels = {one["label"] for one in answer.json()["neighbours"]}
    assert labels == {"class_0", "class_2"} and len(answer.json()["neighbours"]) == 12


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("k=0", "`k` must be between 1 and 20"),
        ("k=many", "`k` is not accepted: input should be a valid integer"),
        ("class_names=none", "`class_names` must be classes of the gallery. Received: 'none'"),
        ("region=1,2", "`region` must be left,top,right,bottom in fractions"),
        ("region=0,0,nan,1", "`region` must be (left, top, right, bottom)"),
    ],
)
def test_an_argument_that_is_not_accepted_is_named(service, query, text):
    assert refused(post(service, f"/search?{query}", noise()), 422, text)


def test_without_an_index_a_search_says_so(colours):
    answer = post(colours(), "/search", noise())
    assert refused(answer, 404, "Nothing can be searched: serve.py was started without index.")


def test_a_path_that_is_not_utf_8_is_told_in_escapes(service, monkeypatch):
    gallery = service.gallery
    monkeypatch.setattr(
        type(gallery), "search", lambda *_, **__: [_found(gallery, "caf\udce9.png")]
    )
    answer = post(service, "/search", noise())
    assert json.loads(answer.content)["neighbours"][0]["path"] == "caf\udce9.png"


def _found(gallery, path):
    from simclr_tf.retrieval import FoundPicture

    return FoundPicture(0, path, 1.0, "")


# === Limits ===


def test_a_body_that_is_too_long_is_refused(service):
    assert refused(post(service, "/embed", bytes(100_001)), 413, "more than the accepted 0.1 MB.")


def test_a_body_of_unknown_length_is_not_read_beyond_the_limit(service):
    sent = []

    async def parts():
        for _ in range(1000):
            sent.append(1)
            yield bytes(10_000)

    assert refused(post(service, "/embed", parts()), 413, "more than the accepted 0.1 MB.")


def test_too_many_pixels_are_refused(service):
    large = picture_bytes(Image.new("1", (2000, 1000)))
    wanted = "2000 x 1000 pixels, more than the accepted 1 million."
    assert refused(post(service, "/embed", large), 413, wanted)
    assert refused(post(service, "/embed", bomb()), 413, "more than 89478485 pixels.")


def test_a_form_is_refused_with_what_to_send_instead(service):
    form = {"Content-Type": "multipart/form-data; boundary=edge"}
    answer = post(service, "/embed", b"--edge--", form)
    assert refused(answer, 415, "curl --data-binary @picture.jpg")


def test_more_requests_than_places_are_answered_503(colours):
    begun, free = threading.Event(), threading.Event()

    def slow(pictures):
        begun.set()
        assert free.wait(60)
        return mean_colours(pictures)

    one = colours(slow, max_queue=3, max_batch=1)

    async def run():
        transport = httpx.ASGITransport(build_application(one, HOSTS))
        async with httpx.AsyncClient(transport=transport, base_url=HOST, timeout=60) as client:
            content = noise()
            waiting = [
                asyncio.ensure_future(client.post("/embed", content=content)) for _ in range(3)
            ]
            await asyncio.to_thread(begun.wait, 60)
            while one.in_hand < 3:
                await asyncio.sleep(0.01)
            refusal = await client.post("/embed", content=content)
            health = await client.get("/health")
            free.set()
            return (
                refusal,
                health,
                [answer.status_code for answer in await asyncio.gather(*waiting)],
            )

    refusal, health, served = asyncio.run(run())
    assert refused(refusal, 503, "3 requests are in hand already; try again later.")
    assert refusal.headers["retry-after"] == "1"
    assert health.json()["requests_in_hand"] == 3
    assert served == [200, 200, 200]
    assert post(one, "/embed", noise()).status_code == 200


def test_a_request_that_takes_too_long_is_answered_504(colours):
    free = threading.Event()

    def slow(pictures):
        free.wait(60)
        return mean_colours(pictures)

    one = colours(slow, max_seconds=0.3)
    try:
        answer = post(one, "/embed", noise())
        assert refused(answer, 504, "The request took longer than 0.3 seconds.")
    finally:
        free.set()
    assert one.in_hand == 0


def test_an_encoder_that_fails_at_a_picture_is_told(colours):
    def encode(pictures):
        raise ValueError("`encode` gave NaN.")

    answer = post(colours(encode), "/embed", noise())
    assert refused(answer, 500, "The picture could not be embedded: `encode` gave NaN.")


def test_an_error_that_nobody_thought_of_shows_no_traceback(colours):
    def encode(pictures):
        raise KeyError("inner secret")

    answer = post(colours(encode), "/embed", noise(), raise_app_exceptions=False)
    assert refused(answer, 500, "The request failed; what the server printed tells why.")
    assert "secret" not in answer.text


# === Addresses and hosts ===


def test_health_tells_what_is_served(service):
    (answer,) = ask(service, ("GET", "/health", b"", {}))
    body = answer.json()
    assert body["status"] == "ok" and body["encoder"] == service.encoder
    assert (body["image_size"], body["gallery_pictures"]) == (16, 18)
    assert body["dimension"] == service.gallery.gallery.embeddings.shape[1]
    assert body["pictures_embedded"] >= body["batches"] > 0


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/embed", 405, "This address does not take GET."),
        ("GET", "/", 404, "There is no such address; /openapi.json lists"),
        ("GET", "/gallery/class_1/002.png", 404, "There is no such address"),
        ("GET", "/docs", 404, "There is no such address"),
        ("POST", "/search/../../etc/passwd", 404, "There is no such address"),
    ],
)
def test_other_addresses_give_nothing(service, method, path, status, text):
    assert refused(ask(service, (method, path, b"", {}))[0], status, text)


def test_the_description_lists_addresses_and_errors(service):
    (answer,) = ask(service, ("GET", "/openapi.json", b"", {}))
    paths = answer.json()["paths"]
    assert set(paths) == {"/health", "/embed", "/search", "/detect"}
    assert "image/*" in paths["/embed"]["post"]["requestBody"]["content"]
    assert {"413", "422", "503", "504"} <= set(paths["/search"]["post"]["responses"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost:8000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": HOST}, 200),
    ],
)
def test_what_comes_from_elsewhere_is_refused(service, headers, status):
    (answer,) = ask(service, ("GET", "/health", b"", headers))
    assert answer.status_code == status
    assert status == 200 or list(answer.json()) == ["error"]


def test_a_web_socket_is_refused(service):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(build_application(service, HOSTS)({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_jpeg_is_taken_as_well(service):
    file = io.BytesIO(noise(kind="JPEG"))
    assert post(service, "/embed", file.getvalue()).status_code == 200
