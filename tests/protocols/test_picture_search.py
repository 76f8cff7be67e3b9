"""Search with pictures, and which files are read for it."""

import dataclasses
import hashlib
import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from simclr_tf.data import UnreadablePicture, decode_picture
from simclr_tf.encoders import build_encoder
from simclr_tf.encoders.find import encoder_fingerprint
from simclr_tf.protocols import (
    EmbeddingSettings,
    PictureSearch,
    UploadLimits,
    open_picture_search,
)
from simclr_tf.protocols.indexed_pictures import IndexedPictures, PictureUnavailable
from simclr_tf.retrieval import Embeddings, Index, write_embeddings

SETTINGS = EmbeddingSettings(image_size=8)
COLOURS = {"red/a.png": "red", "red/b.png": "#e01010", "blue/c.png": "blue"}


def mean_colours(pictures):
    """Stands for an encoder: mean red, green and blue."""
    return pictures.mean(axis=(1, 2)).astype(np.float32)


def digest(path):
    return np.frombuffer(hashlib.sha256(path.read_bytes()).digest(), np.uint8)


def embedded(root, description=None, encoder="e1"):
    """Embeddings of the files of `COLOURS`, which are written first."""
    for name, colour in COLOURS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), colour).save(root / name)
    pictures = np.stack([decode_picture(root / name, 8) for name in COLOURS])
    return Embeddings(
        embeddings=mean_colours(pictures),
        ids=tuple(COLOURS),
        labels=np.array([0, 0, 1], np.int32),
        class_names=("red", "blue"),
        sha256=np.stack([digest(root / name) for name in COLOURS]),
        encoder=encoder,
        root=str(root),
        description=description or {},
    )


def picture_bytes(picture, image_format="PNG"):
    file = io.BytesIO()
    picture.save(file, image_format)
    return file.getvalue()


def bomb():
    """A small PNG whose header says 30,000 x 30,000 pixels."""
    content = bytearray(picture_bytes(Image.new("1", (1, 1))))
    content[16:24] = struct.pack(">II", 30000, 30000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.fixture
def gallery(tmp_path):
    return embedded(tmp_path / "g")


@pytest.fixture
def search(gallery):
    return PictureSearch(gallery, mean_colours, SETTINGS)


def ids(found):
    return [picture.id for picture in found]


# === Searching ===


def test_an_upload_finds_what_looks_like_it(search):
    query = search.query_from_upload(picture_bytes(Image.new("RGB", (9, 9), "#0000e0")), "x.png")
    assert ids(search.search(query, 1)) == ["blue/c.png"]
    assert search.search(query, 3)[0].class_name == "blue"


def test_a_region_of_an_upload_is_searched_with(search):
    picture = Image.new("RGB", (40, 40), "red")
    picture.paste("blue", (30, 30, 40, 40))
    query = search.query_from_upload(picture_bytes(picture), "x.png")
    assert ids(search.search(query, 1)) == ["red/a.png"]
    assert ids(search.search(query, 1, region=(0.75, 0.75, 1, 1))) == ["blue/c.png"]


def test_a_picture_of_the_gallery_does_not_find_itself(search):
    assert ids(search.search(search.query_from_row(0), 5)) == ["red/b.png", "blue/c.png"]
    part = search.search(search.query_from_row(0), 5, region=(0, 0, 0.5, 0.5))
    assert ids(part) == ["red/b.png", "blue/c.png"]


def test_classes_narrow_the_search(search):
    assert search.class_counts == {"red": 2, "blue": 1}
    assert ids(search.search(search.query_from_row(0), 5, class_names=["blue"])) == ["blue/c.png"]


def test_a_deleted_picture_can_be_searched_with_but_not_shown(search, gallery, tmp_path):
    (tmp_path / "g/red/a.png").unlink()
    query = search.query_from_row(0)
    assert ids(search.search(query, 1)) == ["red/b.png"]
    for use in (
        lambda: search.preview(query, 100),
        lambda: search.search(query, 1, region=(0, 0, 0.5, 0.5)),
    ):
        with pytest.raises(PictureUnavailable, match="deleted since it was indexed"):
            use()


def test_a_preview_shows_the_whole_picture(search):
    np.testing.assert_array_equal(
        search.preview(search.query_from_row(2), 10), np.broadcast_to([0, 0, 255], (5, 10, 3))
    )


@pytest.mark.parametrize("row", [-1, 3, 10**30])
def test_a_row_that_is_not_there_is_refused(search, row):
    with pytest.raises(ValueError, match="`row` must be between 0 and 2"):
        search.query_from_row(row)


def test_an_encoder_of_another_length_is_told_when_warmed_up(gallery):
    search = PictureSearch(gallery, lambda pictures: np.ones((1, 4), np.float32), SETTINGS)
    with pytest.raises(ValueError, match="must give embeddings of 3 numbers.*shape .1, 4."):
        search.warm_up()


# === Limits ===


def test_a_file_of_too_many_bytes_is_refused(gallery):
    limits = UploadLimits(max_megabytes=0.001)
    search = PictureSearch(gallery, mean_colours, SETTINGS, limits=limits)
    with pytest.raises(UnreadablePicture, match="0.0 MB, more than the accepted 0.001 MB"):
        search.query_from_upload(bytes(1001), "x.png")


def test_too_many_pixels_are_refused_by_the_header_alone(gallery, monkeypatch):
    limits = UploadLimits(max_megapixels=0.01)
    search = PictureSearch(gallery, mean_colours, SETTINGS, limits=limits)
    content = picture_bytes(Image.new("1", (200, 100)))
    with pytest.raises(UnreadablePicture, match="200 x 100 pixels, more than the accepted 0.01 mi"):
        search.query_from_upload(content[:60], "x.png")
    search.query_from_upload(picture_bytes(Image.new("1", (100, 100))), "x.png")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<svg></svg>", "not a picture"),
        (bomb(), "pixels"),
    ],
    ids=["empty", "text", "bomb"],
)
def test_what_is_no_picture_is_refused(search, content, reason):
    with pytest.raises(UnreadablePicture, match=reason):
        search.query_from_upload(content, "x.png")


def test_a_picture_that_is_cut_off_is_refused_when_searched_with(search):
    content = picture_bytes(Image.effect_noise((64, 64), 90).convert("RGB"))
    query = search.query_from_upload(content[: len(content) // 2], "x.png")
    with pytest.raises(UnreadablePicture, match="broken picture"):
        search.search(query, 1)


@pytest.mark.parametrize("name", ["max_megabytes", "max_megapixels"])
def test_a_limit_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be greater than 0"):
        UploadLimits(**{name: 0})


# === Files ===


def test_found_pictures_are_shown_with_the_reason_where_they_cannot_be(search, tmp_path):
    (tmp_path / "g/red/b.png").unlink()
    Image.new("RGB", (5, 5), "green").save(tmp_path / "g/blue/c.png")
    shown = search.shown(search.search(search.query_from_row(0), 2), 16)
    assert [picture.trouble for picture in shown] == [
        "deleted since it was indexed",
        "changed since it was indexed",
    ]
    assert [picture.thumbnail for picture in shown] == [b"", b""]


def test_a_thumbnail_is_a_small_jpeg(search):
    with Image.open(io.BytesIO(search.pictures.thumbnail(2, 10))) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (10, 5))


def test_a_picture_deleted_after_it_was_shown_is_noticed(search, tmp_path):
    search.pictures.thumbnail(0, 16)
    (tmp_path / "g/red/a.png").unlink()
    with pytest.raises(PictureUnavailable, match="deleted"):
        search.pictures.thumbnail(0, 16)


def test_a_picture_changed_after_it_was_shown_is_noticed(search, tmp_path):
    search.pictures.thumbnail(0, 16)
    Image.new("RGB", (50, 50), "black").save(tmp_path / "g/red/a.png")
    with pytest.raises(PictureUnavailable, match="changed"):
        search.pictures.thumbnail(0, 16)


def linked_outside(gallery, tmp_path):
    """Moves a picture out of the folder and leaves a link."""
    outside = tmp_path / "outside.png"
    os.rename(tmp_path / "g/red/a.png", outside)
    (tmp_path / "g/red/a.png").symlink_to(outside)
    return outside


def test_a_link_out_of_the_folder_is_not_followed(gallery, tmp_path):
    linked_outside(gallery, tmp_path)
    with pytest.raises(PictureUnavailable, match="a link to a file outside the indexed folder"):
        IndexedPictures(gallery).read(0)


def test_a_linked_folder_is_outside_too(gallery, tmp_path):
    os.rename(tmp_path / "g/red", tmp_path / "elsewhere")
    (tmp_path / "g/red").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PictureUnavailable, match="outside the indexed folder"):
        IndexedPictures(gallery).read(0)


def test_links_are_followed_on_demand_to_the_indexed_content_only(gallery, tmp_path):
    outside = linked_outside(gallery, tmp_path)
    pictures = IndexedPictures(gallery, follow_links=True)
    assert pictures.read(0) == outside.read_bytes()
    outside.write_text("secret")
    with pytest.raises(PictureUnavailable, match="changed since it was indexed"):
        pictures.read(0)


def test_a_link_within_the_folder_is_no_trouble(gallery, tmp_path):
    (tmp_path / "g/red/a.png").rename(tmp_path / "g/red/original.png")
    (tmp_path / "g/red/a.png").symlink_to("original.png")
    assert IndexedPictures(gallery).read(0) == (tmp_path / "g/red/original.png").read_bytes()


def test_the_folder_itself_may_be_a_link(gallery, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "g")
    linked = dataclasses.replace(gallery, root=str(tmp_path / "link"))
    assert IndexedPictures(linked).read(0)


@pytest.mark.parametrize("follow_links", [False, True])
@pytest.mark.parametrize("name", ["../secret.png", "{}/secret.png", "red/../../secret.png", "a\0b"])
def test_an_id_that_leads_out_of_the_folder_is_not_read(gallery, tmp_path, name, follow_links):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    # Even with the right digest, as somebody who made the file of embeddings would have it.
    led_out = dataclasses.replace(
        gallery,
        ids=(name.format(tmp_path), *gallery.ids[1:]),
        sha256=np.stack([digest(secret), *gallery.sha256[1:]]),
    )
    with pytest.raises(PictureUnavailable, match="outside the indexed folder"):
        IndexedPictures(led_out, follow_links).read(0)


def test_a_folder_beside_with_a_longer_name_is_outside(gallery, tmp_path):
    (tmp_path / "g2").mkdir()
    os.rename(tmp_path / "g/red/a.png", tmp_path / "g2/a.png")
    (tmp_path / "g/red/a.png").symlink_to(tmp_path / "g2/a.png")
    with pytest.raises(PictureUnavailable, match="outside the indexed folder"):
        IndexedPictures(gallery).read(0)


def test_what_is_no_file_any_more_is_not_opened(gallery, tmp_path):
    (tmp_path / "g/red/a.png").unlink()
    os.mkfifo(tmp_path / "g/red/a.png")  # opening it would wait for ever
    with pytest.raises(PictureUnavailable, match="no longer a file"):
        IndexedPictures(gallery).read(0)


@pytest.mark.parametrize("row", [-1, 3])
def test_no_row_outside_the_gallery_is_read(gallery, row):
    with pytest.raises(PictureUnavailable, match="not in the index"):
        IndexedPictures(gallery).read(row)


def test_embeddings_of_a_data_set_are_refused(gallery):
    of_data_set = dataclasses.replace(gallery, root="", description={"source": "cifar10"})
    with pytest.raises(ValueError, match="must be of a folder of pictures.*embeddings of cifar10"):
        IndexedPictures(of_data_set)


def test_a_folder_that_is_gone_is_refused(gallery, tmp_path):
    with pytest.raises(ValueError, match="must be of a folder that is there.*gone"):
        IndexedPictures(dataclasses.replace(gallery, root=str(tmp_path / "gone")))


# === Opening ===


@pytest.fixture(scope="module")
def encoder_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("encoder") / "encoder.keras"
    build_encoder("resnet10", image_size=8, width=0.125).save(path)
    return path


@pytest.fixture
def written(tmp_path, encoder_file):
    """Embeddings by that encoder with flip averaging, and their index, as retrieve.py leaves it."""
    from simclr_tf.data import index_pictures
    from simclr_tf.data.selection import Selection
    from simclr_tf.protocols import embed_pictures

    root = tmp_path / "g"
    embedded(root)
    report = embed_pictures(
        index_pictures(str(root), None, Selection(validation_fraction=0, test_fraction=0)),
        encoder_file,
        tmp_path / "gallery.npz",
        EmbeddingSettings(image_size=8, flip_average=True),
        root=str(root),
    )
    gallery = report.embeddings
    index = Index(gallery.embeddings.shape[1], "hnsw", gallery.encoder)
    index.add(gallery.paths, gallery.embeddings, encoder=gallery.encoder)
    index.save(tmp_path / "gallery.index")
    return tmp_path


@pytest.mark.parametrize("name", ["gallery.npz", "gallery.index"])
def test_a_file_of_the_gallery_has_a_cosine_of_one_with_itself(written, encoder_file, name):
    search = open_picture_search(written / name, encoder_file)
    search.warm_up()
    picture = Image.effect_noise((30, 20), 80).convert("RGB")
    content = (written / "g/blue/c.png").read_bytes()
    found = search.search(search.query_from_upload(content, "c.png"), 1)
    assert (found[0].id, found[0].score) == ("blue/c.png", pytest.approx(1, abs=1e-5))
    other = search.search(search.query_from_upload(picture_bytes(picture), "noise.png"), 1)
    assert other[0].score < 0.9999


def test_another_encoder_is_refused(written, tmp_path):
    other = tmp_path / "other.keras"
    build_encoder("resnet10", image_size=8, width=0.25).save(other)
    with pytest.raises(ValueError, match="`encoder_dir` must hold the encoder that `index` was"):
        open_picture_search(written / "gallery.npz", other)


def test_an_index_without_its_embeddings_is_refused(written, encoder_file):
    (written / "gallery.npz").unlink()
    with pytest.raises(ValueError, match="`index` must have the embeddings .* beside it, gallery"):
        open_picture_search(written / "gallery.index", encoder_file)


@pytest.mark.parametrize("name", ["gallery.npz", "gallery.index"])
def test_a_file_that_is_cut_off_is_refused(written, encoder_file, name):
    content = (written / name).read_bytes()
    (written / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=f"{name}' (must be a file of embeddings|is not an index)"):
        open_picture_search(written / name, encoder_file)


def test_a_missing_file_is_named(tmp_path, encoder_file):
    with pytest.raises(ValueError, match="`index` must be a file that embed.py or .*none.npz"):
        open_picture_search(tmp_path / "none.npz", encoder_file)


def test_embeddings_that_do_not_tell_how_they_were_made_are_refused(
    gallery, tmp_path, encoder_file
):
    fingerprint = EmbeddingSettings().fingerprint(encoder_fingerprint(encoder_file))
    write_embeddings(tmp_path / "e.npz", dataclasses.replace(gallery, encoder=fingerprint))
    with pytest.raises(ValueError, match="`index` must tell how its .*; image_size, resize_mode"):
        open_picture_search(tmp_path / "e.npz", encoder_file)
