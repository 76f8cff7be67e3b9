import importlib.metadata
import pathlib
import platform
import subprocess
import sys

import pytest

from simclr_tf.runs import RunFolder, config_differences, package_versions, read_config


def test_equal_configs_differ_in_nothing():
    assert config_differences({"seed": 0}, {"seed": 0}) == []


def test_a_changed_value_is_named_with_both_values():
    assert config_differences({"seed": 0, "encoder": "resnet18"}, {"seed": 1, "encoder": None}) == [
        "`encoder` was 'resnet18' and is now None",
        "`seed` was 0 and is now 1",
    ]


def test_a_name_that_only_one_config_has_is_named():
    assert config_differences({"old": 1}, {"new": 2}) == [
        "`new` was not set and is now 2",
        "`old` was 1 and is now not set",
    ]


def test_ignored_names_may_differ():
    assert (
        config_differences({"epochs": 1, "seed": 0}, {"epochs": 9}, ignore=("epochs", "seed")) == []
    )


@pytest.mark.parametrize(
    ("given", "read"), [((1, 2), [1, 2]), (pathlib.PurePosixPath("a"), "a"), ({1: 2}, {"1": 2})]
)
def test_a_value_and_what_json_made_of_it_do_not_differ(given, read):
    assert config_differences({"value": read}, {"value": given}) == []


def test_versions_are_those_of_the_installed_packages():
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["numpy"] == importlib.metadata.version("numpy")
    assert set(versions) == {"python", "simclr_tf", "tensorflow", "keras", "numpy"}


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    def not_found(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", not_found)
    assert package_versions()["tensorflow"] is None


def test_run_folders_do_not_import_tensorflow():
    program = (
        "import sys, simclr_tf.runs; print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def test_the_config_of_a_version_is_read_without_what_was_added_to_it(tmp_path):
    RunFolder.create(tmp_path, {"seed": 3}).close()
    assert read_config(tmp_path / "version_0") == {"seed": 3}


def test_a_folder_without_a_config_is_no_version(tmp_path):
    with pytest.raises(ValueError, match="must be a version of a run: it has no config.json"):
        read_config(tmp_path)
