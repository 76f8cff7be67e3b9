"""What the service answers to many requests at once, without HTTP."""

import asyncio
import dataclasses
import threading

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture
from simclr_tf.protocols import PictureService, ServingSettings, UploadLimits
from simclr_tf.protocols.serving.refusals import EmbeddingFailed, Overloaded, TookTooLong
from simclr_tf.retrieval import GallerySearch
from tests.protocols.test_picture_search import (
    SETTINGS,
    bomb,
    embedded,
    mean_colours,
    picture_bytes,
)


def colour(name, size=(9, 9)):
    return picture_bytes(Image.new("RGB", size, name))


def colours_but_black(pictures):
    """Stands for an encoder that fails at black pictures."""
    rows = mean_colours(pictures)
    if not rows.any(axis=1).all():
        raise ValueError("NaN for 1 picture")
    return rows


@pytest.fixture
def gallery(tmp_path):
    return embedded(tmp_path / "g")


@pytest.fixture
def make_service(gallery):
    made = []

    def make(encode=mean_colours, limits=None, searchable=True, **settings):
        search = GallerySearch(gallery) if searchable else None
        made.append(
            PictureService(
                encode,
                "e1",
                SETTINGS,
                gallery=search,
                limits=limits,
                settings=ServingSettings(**{"max_seconds": 60, **settings}),
            )
        )
        return made[-1]

    yield make
    for service in made:
        service.close()


def together(*coroutines):
    """Results and errors of requests that come at the same time."""

    async def run():
        return await asyncio.gather(*coroutines, return_exceptions=True)

    return asyncio.run(run())


def test_an_embedding_is_a_unit_vector(make_service):
    (row,) = together(make_service().embed(colour("#000033")))
    assert row.dtype == np.float32
    np.testing.assert_allclose(row, [0, 0, 1], atol=1e-6)


def test_a_region_is_embedded(make_service):
    picture = Image.new("RGB", (40, 40), "red")
    picture.paste("blue", (20, 0, 40, 40))
    (row,) = together(make_service().embed(picture_bytes(picture), (0.5, 0, 1, 1)))
    np.testing.assert_allclose(row, [0, 0, 1], atol=1e-6)


def test_pictures_that_spoil_nothing_but_themselves(make_service):
    service = make_service(colours_but_black, max_wait_ms=100)
    noise = picture_bytes(Image.effect_noise((64, 64), 90).convert("RGB"))
    answers = together(
        service.embed(colour("red")),
        service.embed(b"no picture"),
        service.embed(noise[: len(noise) // 2]),
        service.embed(colour("black")),
        service.embed(colour("blue")),
    )
    np.testing.assert_allclose([answers[0], answers[4]], [[1, 0, 0], [0, 0, 1]], atol=1e-6)
    assert [type(error) for error in answers[1:4]] == [
        UnreadablePicture,
        UnreadablePicture,
        EmbeddingFailed,
    ]
    assert str(answers[3]) == "The picture could not be embedded: NaN for 1 picture"


def test_a_search_finds_paths_classes_and_scores(make_service):
    (found,) = together(make_service().search(colour("#0000e0"), 2))
    assert (found[0].id, found[0].class_name) == ("blue/c.png", "blue")
    assert found[0].score == pytest.approx(1)
    assert len(found) == 2


def test_a_search_is_narrowed_to_classes(make_service):
    (found,) = together(make_service().search(colour("blue"), 5, class_names=["red"]))
    assert {one.class_name for one in found} == {"red"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "`k` must be between 1 and 7"),
        ({"k": 8}, "`k` must be between 1 and 7"),
        ({"k": 1, "class_names": ["green"]}, "`class_names` must be classes of .*'green'"),
        ({"k": 1, "region": (0, 0, 2, 2)}, "`region` must be"),
    ],
)
def test_an_argument_that_is_not_accepted_is_told_before_anything_is_encoded(
    make_service, arguments, message
):
    service = make_service(max_neighbours=7)
    with pytest.raises(ValueError, match=message):
        asyncio.run(service.search(colour("red"), **arguments))
    assert service.batches.num_pictures == 0


def test_without_a_gallery_nothing_is_searched(make_service):
    with pytest.raises(ValueError, match="There is no gallery"):
        asyncio.run(make_service(searchable=False).search(colour("red"), 1))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(1001), "0.0 MB, more than the accepted 0.001 MB"),
        (colour("red", (200, 100)), "200 x 100 pixels, more than the accepted 0.01 million"),
        (bomb(), "more than 89478485 pixels"),
    ],
    ids=["bytes", "pixels", "bomb"],
)
def test_a_picture_beyond_the_limits_is_refused_by_length_or_header(make_service, content, reason):
    service = make_service(limits=UploadLimits(max_megabytes=0.001, max_megapixels=0.01))
    with pytest.raises(PictureTooLarge, match=reason):
        asyncio.run(service.embed(content))


# === Places and time ===


def test_more_requests_than_places_are_refused_at_once(make_service):
    service = make_service(max_queue=2)

    async def run():
        leave = asyncio.Event()
        inside = [asyncio.ensure_future(service.answer(leave.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="2 requests are in hand already"):
            await service.answer(leave.wait)
        assert service.in_hand == 2
        leave.set()
        await asyncio.gather(*inside)
        assert service.in_hand == 0
        await service.answer(leave.wait)

    asyncio.run(run())


def test_a_request_that_takes_too_long_is_given_up_and_leaves_its_place(make_service):
    held = threading.Event()

    def slow(pictures):
        held.wait(60)
        return mean_colours(pictures)

    service = make_service(slow, max_seconds=0.2)
    try:
        with pytest.raises(TookTooLong, match="took longer than 0.2 seconds"):
            asyncio.run(service.answer(lambda: service.embed(colour("red"))))
        assert service.in_hand == 0
    finally:
        held.set()


def test_a_failed_request_leaves_its_place(make_service):
    service = make_service()
    with pytest.raises(UnreadablePicture):
        asyncio.run(service.answer(lambda: service.embed(b"")))
    assert service.in_hand == 0


# === Getting ready ===


def test_warming_up_sees_every_size_of_a_batch(make_service):
    sizes = []

    def encode(pictures):
        sizes.append(len(pictures))
        return mean_colours(pictures)

    service = make_service(encode, max_batch=6)
    service.warm_up()
    assert sizes == [1, 2, 4, 6] and service.dimension == 3


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (lambda pictures: np.ones((len(pictures), 4)), "embeddings of 3 numbers.*4 numbers"),
        (lambda pictures: np.ones((1, 3)), "one embedding .d. a picture"),
        (lambda pictures: np.ones(len(pictures)), "one embedding .d. a picture"),
    ],
    ids=["another length", "another number", "no vectors"],
)
def test_an_encoder_that_does_not_fit_is_told_when_warmed_up(make_service, encode, message):
    with pytest.raises(ValueError, match=f"`encode` must give {message}"):
        make_service(encode).warm_up()


def test_a_gallery_of_another_encoder_is_refused(gallery):
    other = GallerySearch(dataclasses.replace(gallery, encoder="e2"))
    with pytest.raises(ValueError, match="`gallery` must be embedded by the encoder that is"):
        PictureService(mean_colours, "e1", SETTINGS, gallery=other)
