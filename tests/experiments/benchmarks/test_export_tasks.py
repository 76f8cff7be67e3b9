import pytest

from experiments.benchmarks.memory import MEBIBYTE
from experiments.benchmarks.ours import export
from experiments.benchmarks.pictures import write_jpeg_folder
from experiments.benchmarks.random_checkpoint import random_resnet50
from simclr_tf.weights import import_encoder

NETWORK = {"encoder": "resnet10", "width": 0.125, "image_size": 8, "batch_size": 4}


@pytest.fixture(scope="module")
def exported():
    return export._exported(export._encoder("resnet10", 0.125, 8), 8)


@pytest.fixture
def folder(tmp_path):
    write_jpeg_folder(tmp_path, 3, 24)
    return str(tmp_path)


def test_a_saved_model_and_its_encoder_give_pictures_a_second(exported, folder, monkeypatch):
    monkeypatch.setattr(export, "_exported", lambda *_: exported)
    for task in (export.serving_default, export.keras_encoder):
        assert task(**NETWORK)(1) > 0
    for task in (export.image_bytes, export.decode_then_encode):
        assert task(**NETWORK, data_dir=folder)(1) > 0


def test_the_time_of_an_import_is_taken():
    assert export.import_seconds(0.125)(1) > 0


def test_the_memory_of_an_import_is_told_as_a_multiple_of_its_file(monkeypatch):
    imported = []
    # What is measured of a small file depends on the memory that this process has to spare.
    monkeypatch.setattr(export, "peak_above_now", lambda work: imported.append(work()) or 12.0)
    monkeypatch.setattr(export, "import_encoder", lambda path: path.stat().st_size / MEBIBYTE)
    multiple = export.import_memory(0.125)(1)
    (size,) = imported
    assert multiple == 12.0 / size


def test_the_checkpoint_has_the_size_of_torchvisions_resnet50():
    arrays = random_resnet50()
    trained = [
        array
        for name, array in arrays.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert sum(array.size for array in trained) == 25_557_032
    # 53 convolutions, 53 times 5 of a batch norm, 2 of the classifier.
    assert len(arrays) == 53 + 53 * 5 + 2


def test_everything_but_the_classifier_of_the_checkpoint_is_imported(tmp_path):
    from safetensors.numpy import save_file

    save_file(random_resnet50(0.125), tmp_path / "weights.safetensors")
    encoder, report = import_encoder(tmp_path / "weights.safetensors")
    assert (report.architecture.name, report.architecture.width) == ("resnet50", 0.125)
    assert (
        {"fc.weight", "fc.bias"}
        <= set(report.left_out)
        <= {*("fc.weight", "fc.bias", "*.num_batches_tracked")}
    )
    assert len(report.mapped) == 2 * 53
