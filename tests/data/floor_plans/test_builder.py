import socket

import numpy as np
import pytest

from simclr_tf.data.floor_plans import floor_plan_pages, plan_classes
from simclr_tf.data.floor_plans.builder import FloorPlans
from simclr_tf.data.floor_plans.drawn_pages import draw_page
from simclr_tf.data.floor_plans.symbol_choice import SPLIT_NUMBERS


def _refuse(*_):
    raise OSError("the network was touched")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    builder = FloorPlans(data_dir=str(cache / "tensorflow_datasets"), config="tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        builder.download_and_prepare()
    return builder, cache


@pytest.fixture(scope="module")
def pages(built):
    """Every page of every split, as (split, image, drawing)."""
    return [
        (split, *page)
        for split in SPLIT_NUMBERS
        for page in floor_plan_pages(split, config="tiny", cache_dir=built[1])
    ]


def test_building_writes_every_split_without_the_network(built):
    counts = {split: info.num_examples for split, info in built[0].info.splits.items()}
    assert counts == {"train": 4, "validation": 2, "test": 2}


def test_the_default_configuration_has_60_classes_and_204_pages(tmp_path):
    builder = FloorPlans(data_dir=str(tmp_path))
    config = builder.builder_config
    assert builder.info.features["objects"]["label"].num_classes == 60
    assert [getattr(config, split) for split in SPLIT_NUMBERS] == [120, 24, 60]
    # A quarter of 60.
    assert len(builder.unseen_labels) == 15


def test_the_stored_pages_are_the_drawn_ones(built, pages):
    for split, image, drawing in pages:
        plan = draw_page(built[0].classes, split, int(drawing.path.rpartition("/")[2]))
        np.testing.assert_array_equal(image, plan.image)
        np.testing.assert_allclose(drawing.boxes, plan.boxes, atol=1e-3)
        assert drawing.labels.tolist() == plan.labels.tolist()
        assert (drawing.height, drawing.width) == image.shape[:2]


def test_the_pages_are_named_by_split_and_number(pages):
    names = [drawing.path for split, _, drawing in pages if split == "test"]
    assert sorted(names) == ["floor_plans/test/00000", "floor_plans/test/00001"]


def test_classes_of_the_test_are_on_no_page_before(built, pages):
    unseen = set(built[0].unseen_labels)
    found = {split: set() for split in SPLIT_NUMBERS}
    for split, _, drawing in pages:
        found[split] |= set(drawing.labels.tolist())
    assert unseen
    assert not unseen & (found["train"] | found["validation"])
    assert unseen <= found["test"]


def test_no_layout_is_in_two_splits(built):
    classes = built[0].classes
    layouts = [
        draw_page(classes, split, number).layout.rooms
        for split in SPLIT_NUMBERS
        for number in range(2)
    ]
    assert len(set(layouts)) == 6


def test_other_classes_give_other_pages(built):
    first = draw_page(built[0].classes, "train", 0)
    second = draw_page(plan_classes(20), "train", 0)
    assert first.layout != second.layout


def test_an_unknown_split_or_configuration_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`split` must be one of: train, validation, test"):
        floor_plan_pages("all", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="'floor_plans/huge' is not available"):
        floor_plan_pages("test", config="huge", cache_dir=tmp_path)
