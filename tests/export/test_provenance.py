import json

import pytest

from simclr_tf.encoders import encoder_fingerprint
from simclr_tf.export.model_card import model_card
from simclr_tf.export.provenance import read_provenance


@pytest.fixture
def version(tmp_path, encoder):
    folder = tmp_path / "version_0"
    folder.mkdir()
    encoder.save(folder / "encoder.keras")
    return folder


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def test_data_recipe_and_results_are_read_from_the_run(version):
    config = {"dataset": "symbols", "data_dir": None, "fingerprint": "f00d", "temperature": 0.2}
    write(version / "config.json", {**config, "created": "now", "versions": {"keras": "3"}})
    write(version / "finished.json", {"loss": 2.5, "finished": "now"})
    probe = {"accuracy": 0.5, "confusion_matrix": [[1]]}
    split = {"train": 8, "test": 4}
    write(version / "probe_all/probe.json", {"labels": 8, "linear_probe": probe, "split": split})
    found = read_provenance(version.parent)
    assert found == {
        "encoder": encoder_fingerprint(version),
        "data": {"dataset": "symbols", "fingerprint": "f00d"},
        "recipe": {"temperature": 0.2},
        "metrics": {
            "finished.json": {"loss": 2.5, "finished": "now"},
            "probe_all/probe.json": {
                "labels": 8,
                "linear_probe accuracy": 0.5,
                "split": "train 8, test 4",
            },
        },
    }


def test_an_encoder_alone_has_its_fingerprint_only(version):
    assert read_provenance(version / "encoder.keras") == {"encoder": encoder_fingerprint(version)}


def test_a_broken_file_of_the_run_is_named(version):
    (version / "config.json").write_text("{")
    with pytest.raises(ValueError, match="config.json' must hold JSON"):
        read_provenance(version)


def test_the_card_shows_the_figures_of_the_run(exported):
    provenance = {
        "recipe": {"temperature": 0.2, "augment": "a|b"},
        "metrics": {"probe.json": {"linear_probe accuracy": 0.123456}},
    }
    card = model_card({**exported.metadata, "provenance": provenance})
    for line in ("| `temperature` | 0.2 |", r"| `augment` | a\|b |"):
        assert line in card
    assert "`probe.json`:" in card and "| `linear_probe accuracy` | 0.1235 |" in card
    assert "Not recorded" in model_card({**exported.metadata, "provenance": {}})


def test_an_imported_encoder_says_where_its_weights_came_from(version, exported):
    write(version / "import.json", {"weights": "hf://somebody/network", "mapped": {}})
    found = read_provenance(version)
    assert found["imported"] == "hf://somebody/network"
    card = model_card({**exported.metadata, "provenance": found})
    assert "imported from `hf://somebody/network`" in card
    assert "Not recorded" not in card


def test_an_encoder_without_its_folder_is_called_not_recorded(version, exported):
    alone = read_provenance(version / "encoder.keras")
    assert "Not recorded" in model_card({**exported.metadata, "provenance": alone})
