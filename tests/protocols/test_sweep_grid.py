import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.protocols import FineTuningSettings, LabelBudget, SweepBase, grid_combinations
from simclr_tf.protocols.sweep_grid import describe, parse_grid, read_grid_file

BASE = SweepBase("finetune", [FineTuningSettings(), LabelBudget()])


def combinations(*texts):
    return grid_combinations(BASE, parse_grid(texts))


def test_every_combination_comes_once_the_last_setting_changing_fastest():
    assert combinations("learning_rate=1e-3,3e-4", "objective=supcon,triplet") == [
        {"learning_rate": 0.001, "objective": "supcon"},
        {"learning_rate": 0.001, "objective": "triplet"},
        {"learning_rate": 0.0003, "objective": "supcon"},
        {"learning_rate": 0.0003, "objective": "triplet"},
    ]


def test_values_have_the_types_of_their_settings():
    (combination,) = combinations("keep_head=yes", "epochs= 3", "margin=1", "augment=auto")
    assert combination == {"keep_head": True, "epochs": 3, "margin": 1.0, "augment": "auto"}
    assert [type(value) for value in combination.values()] == [bool, int, float, str]


def test_a_flag_may_be_written_as_one():
    assert combinations("--epochs=1,2") == [{"epochs": 1}, {"epochs": 2}]


def test_a_text_may_be_empty():
    assert combinations("encoder_dir=,runs/a=b") == [
        {"encoder_dir": ""},
        {"encoder_dir": "runs/a=b"},
    ]


def test_values_with_commas_are_parted_by_semicolons():
    assert combinations("unfreeze=head:2,all; last_stage", "seed=0,1") == [
        {"unfreeze": "head:2,all", "seed": 0},
        {"unfreeze": "head:2,all", "seed": 1},
        {"unfreeze": "last_stage", "seed": 0},
        {"unfreeze": "last_stage", "seed": 1},
    ]
    assert combinations("unfreeze=head:2,last_stage:3,all;") == [
        {"unfreeze": "head:2,last_stage:3,all"}
    ]
    assert [found["encoder_dir"] for found in combinations("encoder_dir=;a,b")] == ["", "a,b"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["learning_rate"], "`grid` must be of the form name=value.* Received: 'learning_rate'"),
        (["=1"], "`grid` must be of the form"),
        (["lerning_rate=1"], r"settings of finetune \(did you mean learning_rate\?\).*'lerning_"),
        (["colour=red"], r"settings of finetune \(--help lists them\). Received: 'colour'"),
        (["epochs=1,many"], "`grid` must give epochs a whole number each time. Received: 'many'"),
        (["epochs=1.5"], "must give epochs a whole number"),
        (["margin="], "must give margin a number each time. Received: ''"),
        (["margin=nan"], "must give margin a number each time. Received: 'nan'"),
        (["keep_head=maybe"], "must give keep_head true or false each time. Received: 'maybe'"),
        (["objective=softmax"], "`objective` must be one of: supcon, "),
        (["epochs=1", "epochs=2"], "must name each setting once. Received: epochs twice"),
        (["margin=0.1,1e-1"], "must not make the same run twice. Received: margin=0.1 twice"),
        ([], "must have at least one combination"),
    ],
)
def test_a_mistake_is_named(texts, message):
    with pytest.raises(ValueError, match=message):
        combinations(*texts)


def written(folder, content):
    path = folder / "grid.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_file_holds_a_grid(tmp_path):
    path = written(tmp_path, {"margin": [1, "0.5"], "keep_head": False, "objective": "supcon"})
    assert grid_combinations(BASE, read_grid_file(path)) == [
        {"margin": 1.0, "keep_head": False, "objective": "supcon"},
        {"margin": 0.5, "keep_head": False, "objective": "supcon"},
    ]


def test_a_file_may_hold_several_grids(tmp_path):
    grids = [
        {"objective": "supcon", "temperature": [0.1, 0.2]},
        {"objective": "triplet", "margin": [0.5]},
    ]
    assert grid_combinations(BASE, read_grid_file(written(tmp_path, grids))) == [
        {"objective": "supcon", "temperature": 0.1},
        {"objective": "supcon", "temperature": 0.2},
        {"objective": "triplet", "margin": 0.5},
    ]


def test_grids_that_share_a_run_are_refused_also_where_one_leaves_out_a_default(tmp_path):
    default = FineTuningSettings().temperature
    grids = [{"objective": "supcon"}, {"objective": "supcon", "temperature": [default]}]
    with pytest.raises(ValueError, match="`grid` must not make the same run twice"):
        grid_combinations(BASE, read_grid_file(written(tmp_path, grids)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "`grid_file` must be a readable file of JSON"),
        ("3", '`grid_file` must hold {"setting": '),
        ([], "`grid_file` must hold"),
        ([["margin", 1]], "`grid_file` must hold"),
        ({"margin": []}, "`grid` must give margin at least one value"),
        ({"margin": [None]}, "must give margin a number each time. Received: None"),
        ({"margin": [True]}, "must give margin a number each time. Received: True"),
        ({"epochs": [1.5]}, "must give epochs a whole number each time. Received: 1.5"),
        ({"keep_head": [1]}, "must give keep_head true or false each time. Received: 1"),
        ({"objective": [3]}, "must give objective a text each time. Received: 3"),
        ({}, "must have at least one combination"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        grid_combinations(BASE, read_grid_file(written(tmp_path, content)))


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match="`grid_file` must be a readable file of JSON .*none.json"):
        read_grid_file(tmp_path / "none.json")


@given(st.lists(st.text(max_size=12), max_size=3))
def test_any_text_is_a_grid_or_a_mistake_that_is_named(texts):
    try:
        found = combinations(*texts)
    except ValueError as error:
        assert "`" in str(error)
    else:
        assert found


def test_a_combination_is_described_in_one_line():
    assert describe({"margin": 0.5, "objective": "triplet"}) == "margin=0.5 objective=triplet"
