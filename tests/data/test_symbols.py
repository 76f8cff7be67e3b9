"""The embedded data set `symbols`: its classes, its pictures and its TFDS builder."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simclr_tf.data import symbols
from simclr_tf.data.symbols import CLEAN, Style, render_symbol, symbol_classes
from simclr_tf.data.symbols.builder import IMAGE_SIZE, SPLIT_NUMBERS, Symbols, draw_picture
from simclr_tf.data.symbols.colours import LUMINANCE, MIN_CONTRAST, draw_colours
from simclr_tf.data.symbols.shapes import circle, densified, line, polygon, sharp_corners


def clean_drawing(symbol_class: symbols.SymbolClass) -> Image.Image:
    picture = render_symbol(symbol_class, 32, np.random.default_rng(0), CLEAN)
    return Image.fromarray(picture).convert("L")


def turned_ink(drawings: list[Image.Image], degrees: int) -> np.ndarray:
    """The shares of ink of drawings turned by `degrees`, float64 `[n, 32 * 32]`."""
    bilinear = Image.Resampling.BILINEAR
    turned = [drawing.rotate(degrees, bilinear, fillcolor=255) for drawing in drawings]
    return np.stack([1 - np.asarray(drawing).ravel() / 255 for drawing in turned])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Symbols:
    builder = Symbols(data_dir=tmp_path_factory.mktemp("tfds"), config="tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        builder.download_and_prepare()
    return builder


def _refuse(*_: object) -> None:
    raise OSError("the network was touched")


# === Shapes ===
def test_a_densified_line_keeps_its_ends_and_has_short_pieces() -> None:
    points = densified(line((0, 0), (1, 0))).points
    # A length of 1 in pieces of at most 0.3: four pieces, five points.
    np.testing.assert_allclose(points[:, 0], [0, 0.25, 0.5, 0.75, 1])


def test_a_densified_square_keeps_four_sharp_corners() -> None:
    square = densified(polygon((0, 0), (1, 0), (1, 1), (0, 1)))
    assert list(sharp_corners(square)) == [0, 4, 8, 12]


def test_a_circle_has_no_sharp_corners() -> None:
    assert not list(sharp_corners(circle(0, 0, 1)))


def test_a_quarter_turn_clockwise_takes_right_to_down() -> None:
    points = line((0, 0), (1, 0)).placed(0, 0, 1, 90).points
    np.testing.assert_allclose(points[1], [0, 1], atol=1e-12)


# === Classes ===
def test_there_are_240_classes_with_unique_readable_names() -> None:
    names = [symbol_class.name for symbol_class in symbol_classes()]
    assert len(set(names)) == 240
    assert all(2 <= len(name.split("-")) <= 3 and " " not in name for name in names)


def test_the_first_classes_do_not_depend_on_how_many_are_asked_for() -> None:
    few = [symbol_class.name for symbol_class in symbol_classes(8)]
    many = [symbol_class.name for symbol_class in symbol_classes(100)]
    assert few == many[:8]


def test_another_seed_chooses_other_classes() -> None:
    first = {symbol_class.name for symbol_class in symbol_classes(50, seed=0)}
    second = {symbol_class.name for symbol_class in symbol_classes(50, seed=1)}
    assert len(first & second) < 25


@pytest.mark.parametrize("count", [0, -1, 2001])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=rf"`count` must be between 1 and 2000.*count={count}"):
        symbol_classes(count)


def test_symbols_stay_within_the_unit_square() -> None:
    reach = max(np.abs(symbol_class.points).max() for symbol_class in symbol_classes())
    assert reach <= 1.05


def test_no_class_looks_like_another_at_any_angle() -> None:
    drawings = [clean_drawing(symbol_class) for symbol_class in symbol_classes()]
    upright = turned_ink(drawings, 0)
    for degrees in range(0, 360, 15):
        turned = turned_ink(drawings, degrees)
        total = (upright**2).sum(axis=1)[:, None] + (turned**2).sum(axis=1)
        difference = (total - 2 * upright @ turned.T) / total
        np.fill_diagonal(difference, 1.0)
        # 0 for equal drawings, 1 for drawings that share no ink.
        assert difference.min() > 0.03, f"turned by {degrees} degrees"


def test_many_classes_have_a_close_relative() -> None:
    designs = [symbol_class.design for symbol_class in symbol_classes()]
    parts = [(d.frame, d.glyph, d.mark, d.solid) for d in designs]
    shared = [
        max(sum(a == b for a, b in zip(one, other, strict=True)) for other in parts if other != one)
        for one in parts
    ]
    assert np.mean(np.array(shared) == 3) > 0.8


# === Pictures ===
def test_equal_generators_give_equal_pictures() -> None:
    symbol_class = symbol_classes(1)[0]
    first = render_symbol(symbol_class, 64, np.random.default_rng(7))
    second = render_symbol(symbol_class, 64, np.random.default_rng(7))
    assert first.tobytes() == second.tobytes()


@settings(max_examples=20, deadline=None)
@given(size=st.integers(8, 96), seed=st.integers(0, 2**32 - 1), number=st.integers(0, 39))
def test_a_picture_of_any_size_is_uint8_and_not_blank(size: int, seed: int, number: int) -> None:
    picture = render_symbol(symbol_classes(40)[number], size, np.random.default_rng(seed))
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 1


def test_a_picture_smaller_than_eight_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="`size` must be at least 8. Received: size=7"):
        render_symbol(symbol_classes(1)[0], 7, np.random.default_rng(0))


def test_a_clean_picture_is_black_on_white_and_the_same_for_every_seed() -> None:
    symbol_class = symbol_classes(1)[0]
    first = render_symbol(symbol_class, 64, np.random.default_rng(0), CLEAN)
    second = render_symbol(symbol_class, 64, np.random.default_rng(1), CLEAN)
    np.testing.assert_array_equal(first, second)
    assert (first.min(), first.max()) == (0, 255)
    assert np.mean(first == 255) > 0.4


def test_inks_can_be_told_from_their_papers() -> None:
    rng = np.random.default_rng(0)
    pairs = np.array([draw_colours(rng) for _ in range(2000)])
    contrast = np.abs((pairs[:, 1] - pairs[:, 0]) @ LUMINANCE)
    assert contrast.min() > MIN_CONTRAST - 1
    assert 0.15 < np.mean((pairs[:, 1] - pairs[:, 0]) @ LUMINANCE > 0) < 0.5  # light on dark


def test_symbols_stay_legible_under_every_nuisance() -> None:
    classes = symbol_classes(60)
    contrasts = []
    for number, symbol_class in enumerate(classes):
        # The same generator draws the same warp first, so the clean drawing marks the ink.
        plain = Style(coloured=False, clutter=0, fill=0, wear=0, texture=0, fade=0, blur=0,
                      noise=0, compression=0)  # fmt: skip
        where = render_symbol(symbol_class, 64, np.random.default_rng(number), plain)[:, :, 0]
        picture = render_symbol(symbol_class, 64, np.random.default_rng(number)) @ LUMINANCE
        contrasts.append(abs(picture[where < 64].mean() - picture[where > 250].mean()))
    assert np.min(contrasts) > 15
    assert np.median(contrasts) > 60


def test_pictures_of_one_class_vary_far_more_than_their_symbols_do() -> None:
    symbol_class = symbol_classes(1)[0]
    pictures = np.stack(
        [render_symbol(symbol_class, 32, np.random.default_rng(seed)) for seed in range(40)]
    )
    assert pictures.mean(axis=(1, 2)).std(axis=0).min() > 30  # the papers' colours


# === The TFDS builder ===
def test_pictures_depend_on_split_class_and_number_only() -> None:
    symbol_class = symbol_classes(1)[0]
    again = [draw_picture(symbol_class, "train", 0, 3) for _ in range(2)]
    np.testing.assert_array_equal(again[0], again[1])
    for other in (("test", 0, 3), ("train", 1, 3), ("train", 0, 4)):
        assert not np.array_equal(again[0], draw_picture(symbol_class, *other))


def test_the_default_configuration_has_240_classes_and_20400_pictures(tmp_path: Path) -> None:
    builder = Symbols(data_dir=tmp_path)
    config = builder.builder_config
    assert builder.info.features["label"].num_classes == 240
    # 240 * 60 = 14,400; 240 * 10 = 2,400; 240 * 15 = 3,600.
    sizes = [config.class_count * getattr(config, split) for split in SPLIT_NUMBERS]
    assert sizes == [14_400, 2_400, 3_600]


def test_building_writes_every_split_without_the_network(built: Symbols) -> None:
    # 8 classes of 6, 2 and 4 pictures.
    counts = {split: info.num_examples for split, info in built.info.splits.items()}
    assert counts == {"train": 48, "validation": 16, "test": 32}


@pytest.mark.parametrize(("split", "per_class"), [("train", 6), ("validation", 2), ("test", 4)])
def test_every_class_is_equally_frequent(built: Symbols, split: str, per_class: int) -> None:
    data = built.as_dataset(split=split, batch_size=-1)
    assert np.bincount(data["label"]).tolist() == [per_class] * 8
    assert data["image"].shape == (8 * per_class, IMAGE_SIZE, IMAGE_SIZE, 3)


def test_the_stored_pictures_are_the_drawn_ones(built: Symbols) -> None:
    data = built.as_dataset(split="test", batch_size=-1)
    stored = {picture.tobytes() for picture in data["image"].numpy()}
    drawn = {
        draw_picture(symbol_class, "test", label, number).tobytes()
        for label, symbol_class in enumerate(symbol_classes(8))
        for number in range(4)
    }
    assert stored == drawn


def test_no_picture_is_in_two_splits(built: Symbols) -> None:
    pictures = [
        picture.tobytes()
        for split in SPLIT_NUMBERS
        for picture in built.as_dataset(split=split, batch_size=-1)["image"].numpy()
    ]
    assert len(set(pictures)) == 48 + 16 + 32


def test_drawing_symbols_does_not_import_tensorflow() -> None:
    code = (
        "import sys; from simclr_tf.data.symbols import render_symbol, symbol_classes; "
        "sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Symbol'"):
        symbols.Symbol  # noqa: B018
