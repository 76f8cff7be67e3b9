import argparse
import json
import os
import struct

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from simclr_tf.weights import import_encoder, read_checkpoint

ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.bias": np.ones(2, np.int64)}


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch, the extra `torch`, is not installed")


def test_safetensors_are_read_with_their_metadata(tmp_path):
    save_file(ARRAYS, tmp_path / "model.safetensors", {"architecture": "mine"})
    found = read_checkpoint(tmp_path / "model.safetensors")
    assert found.metadata == {"architecture": "mine"}
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], value)


def test_bfloat16_is_read(tmp_path):
    # 1.5 is 0x3FC0 in bfloat16, the upper half of its float32.
    header = {"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + struct.pack("<HH", 0x3FC0, 0x3FC0)
    (tmp_path / "model.safetensors").write_bytes(content)
    found = read_checkpoint(tmp_path / "model.safetensors").arrays["x"]
    np.testing.assert_array_equal(found.astype(np.float32), [1.5, 1.5])


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_truncated_safetensors_file_is_refused(tmp_path, share):
    content = save(ARRAYS)
    (tmp_path / "model.safetensors").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"`weights` must be a .*model.safetensors"):
        read_checkpoint(tmp_path / "model.safetensors")


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".tar", ".bin", ".safetensors"])
@pytest.mark.parametrize(
    "content, kind",
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page"),
        (b"\n  <html>404</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b'{"error": "not found"}', "text"),
    ],
)
def test_what_a_failed_download_leaves_is_named(tmp_path, suffix, content, kind):
    (tmp_path / f"model{suffix}").write_bytes(content)
    with pytest.raises(ValueError, match=f"must be a checkpoint. Received: .*which is {kind}"):
        read_checkpoint(tmp_path / f"model{suffix}")


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match="`weights` must be a file that exists.*nowhere.pth"):
        read_checkpoint(tmp_path / "nowhere.pth")


def test_a_keras_file_is_shown_its_own_way(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF")
    with pytest.raises(ValueError, match=r"a Keras file is loaded by build_encoder\(weights=...\)"):
        read_checkpoint(tmp_path / "model.h5")


# === PyTorch's own files ===


def test_without_pytorch_its_files_name_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "model.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r'need the extra "torch": pip install "simclr_tf.torch'):
        read_checkpoint(tmp_path / "model.pth")


def assert_imports(path, state):
    encoder, report = import_encoder(path)
    kernel = encoder.get_layer("layer4_1_conv2").get_weights()[0]
    expected = state["layer4.1.conv2.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(kernel, expected)
    return report


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["model.pth", "checkpoint_0100.pth.tar", "last.ckpt", "x.pt"])
def test_pytorch_files_old_and_new_are_read(tmp_path, torch, state, name, zipped):
    tensors = {key: torch.from_numpy(value) for key, value in state.items()}
    content = {"epoch": 100, "arch": "resnet18", "state_dict": tensors}
    torch.save(content, tmp_path / name, _use_new_zipfile_serialization=zipped)
    assert assert_imports(tmp_path / name, state).prefix == "state_dict."


def test_settings_and_optimizers_beside_the_weights_are_left_out(tmp_path, torch, state):
    tensors = {f"encoder.module.{key}": torch.from_numpy(value) for key, value in state.items()}
    optimizer = {"state": {0: {"momentum_buffer": torch.zeros(3)}}, "param_groups": [{"lr": 0.1}]}
    options = argparse.Namespace(batch_size=512, model="resnet18")
    content = {"opt": options, "model": tensors, "optimizer": optimizer}
    torch.save(content, tmp_path / "last.pth")
    report = assert_imports(tmp_path / "last.pth", state)
    assert report.prefix == "model.encoder.module."
    assert report.left_out["optimizer.state.*"] == "outside the network"


def test_parameters_that_need_gradients_and_bfloat16_are_read(tmp_path, torch):
    content = {
        "a": torch.nn.Parameter(torch.ones(2)),
        "b": torch.full((2,), 1.5, dtype=torch.bfloat16),
    }
    torch.save(content, tmp_path / "model.pth")
    found = read_checkpoint(tmp_path / "model.pth").arrays
    np.testing.assert_array_equal(found["a"], [1, 1])
    np.testing.assert_array_equal(found["b"], [1.5, 1.5])


class Exploit:
    """What a hostile checkpoint holds: reading it as a pickle would run a command."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return os.system, (f"touch {self.proof}",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_hostile_file_is_refused_and_nothing_of_it_runs(tmp_path, torch, zipped):
    proof = tmp_path / "executed"
    content = {"state_dict": {"conv1.weight": torch.zeros(2)}, "extra": Exploit(proof)}
    torch.save(content, tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"asks for posix.system .*: refused, and nothing of it"):
        read_checkpoint(tmp_path / "model.pth")
    assert not proof.exists()
    # The exploit is a real one: a loader that trusts the file runs it.
    torch.load(tmp_path / "model.pth", weights_only=False)
    assert proof.exists()


def test_a_plain_hostile_pickle_is_refused_and_nothing_of_it_runs(tmp_path, torch):
    import pickle

    proof = tmp_path / "executed"
    (tmp_path / "model.pth").write_bytes(pickle.dumps(Exploit(proof), protocol=2))
    with pytest.raises(ValueError, match="`weights` must be a checkpoint of weights"):
        read_checkpoint(tmp_path / "model.pth")
    assert not proof.exists()
    pickle.loads((tmp_path / "model.pth").read_bytes())
    assert proof.exists()


def test_a_whole_pickled_model_is_refused_with_advice(tmp_path, torch):
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), tmp_path / "model.pth")
    with pytest.raises(ValueError, match=r"asks for torch.nn.*save model.state_dict\(\)"):
        read_checkpoint(tmp_path / "model.pth")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_truncated_pytorch_file_is_refused(tmp_path, torch, share, zipped):
    torch.save({"a": torch.ones(999)}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    content = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="`weights` must be a checkpoint of weights.*a.pth"):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize("content", [b"no checkpoint at all", bytes(999), b"PK\x03\x04" * 50])
def test_a_file_of_another_kind_is_refused(tmp_path, torch, content):
    (tmp_path / "model.pth").write_bytes(content)
    with pytest.raises(ValueError, match="`weights` must be a checkpoint of weights.*cannot be"):
        read_checkpoint(tmp_path / "model.pth")
