import pathlib

import pytest

from simclr_tf.weights import find_weights

hub = pytest.importorskip(
    "huggingface_hub", reason="huggingface_hub, the extra `hub`, is not installed"
)


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """A Hub with one repository, `somebody/network`; its files can be set, its calls are kept."""

    class Repository:
        def __init__(self):
            self.files = ["README.md", "model.safetensors"]
            self.asked = []

    fake = Repository()

    def list_repo_files(name, revision=None):
        if name != "somebody/network":
            raise OSError(f"404: no repository {name}")
        return fake.files

    def hf_hub_download(name, file, revision=None):
        if file not in list_repo_files(name):
            raise OSError(f"404: no file {file}")
        fake.asked.append((file, revision))
        path = tmp_path / pathlib.PurePath(file).name
        path.write_bytes(b"weights")
        return str(path)

    monkeypatch.setattr(hub, "list_repo_files", list_repo_files)
    monkeypatch.setattr(hub, "hf_hub_download", hf_hub_download)
    monkeypatch.chdir(tmp_path)
    return fake


def test_a_local_path_goes_before_a_repository(repository, tmp_path):
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody/network").write_bytes(b"mine")
    assert find_weights("somebody/network") == pathlib.Path("somebody/network")
    assert repository.asked == []


@pytest.mark.parametrize(
    "weights, asked",
    [
        ("somebody/network", ("model.safetensors", None)),
        ("hf://somebody/network", ("model.safetensors", None)),
        ("hf://somebody/network/README.md", ("README.md", None)),
        ("hf://somebody/network@v1.0", ("model.safetensors", "v1.0")),
        ("hf://somebody/network@v1.0/model.safetensors", ("model.safetensors", "v1.0")),
    ],
)
def test_a_repository_gives_its_file(repository, weights, asked):
    assert find_weights(weights).read_bytes() == b"weights"
    assert repository.asked == [asked]


@pytest.mark.parametrize(
    "files, chosen",
    [
        (["pytorch_model.bin", "model.safetensors", "last.ckpt"], "model.safetensors"),
        (["pytorch_model.bin", "training/optimizer.pt"], "pytorch_model.bin"),
        (["config.json", "weights/checkpoint_0100.pth.tar"], "weights/checkpoint_0100.pth.tar"),
    ],
)
def test_the_file_is_chosen_among_those_of_the_repository(repository, files, chosen):
    repository.files = files
    find_weights("hf://somebody/network")
    assert repository.asked == [(chosen, None)]


@pytest.mark.parametrize(
    "files, told", [(["a.pth", "b.pth"], "a.pth, b.pth"), (["README.md"], "no checkpoint")]
)
def test_a_file_must_be_named_where_none_can_be_chosen(repository, files, told):
    repository.files = files
    with pytest.raises(ValueError, match=f"`weights` must name a file .*, with {told}$"):
        find_weights("hf://somebody/network")


@pytest.mark.parametrize("weights", ["hf://nobody/network", "hf://somebody/network/other.pth"])
def test_what_the_hub_does_not_have_is_told_with_its_reason(repository, weights):
    with pytest.raises(ValueError, match=f"Hub that can be read. Received: '{weights}': 404: no"):
        find_weights(weights)


@pytest.mark.parametrize(
    "weights", ["none", "nowhere/model.pth", "a/b/c", "somebody/model.h5", "/nowhere/model"]
)
def test_a_missing_file_is_not_looked_for_on_the_hub(repository, weights):
    with pytest.raises(ValueError, match="`weights` must be a file that exists, or hf://OWNER/"):
        find_weights(weights)


def test_a_missing_file_of_a_folder_is_not_looked_for_on_the_hub(repository, tmp_path):
    (tmp_path / "somebody").mkdir()
    with pytest.raises(ValueError, match="`weights` must be a file that exists, or hf://OWNER/"):
        find_weights("somebody/network")


def test_without_the_library_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r'need the extra "hub": pip install "simclr_tf.hub'):
        find_weights("hf://somebody/network")
