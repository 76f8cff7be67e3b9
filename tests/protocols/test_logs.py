import dataclasses
import struct
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from simclr_tf.protocols.logs import WandbMirror, log_callbacks
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.runs import RunFolder


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {}) as run:
        yield run


def draw_nothing(epoch):
    return np.zeros((2, 2, 3), np.uint8)


# === TensorBoard ===


@pytest.fixture(scope="module")
def events(pretrained):
    """Reads the event files of a folder below the run's."""

    def read(*below):
        accumulator = EventAccumulator(str(pretrained[0].path.joinpath("tensorboard", *below)))
        return accumulator.Reload()

    return read


def test_tensorboard_has_the_loss_and_the_learning_rate_of_every_epoch(events, pretrained):
    accumulator = events("train")
    rows = pretrained[0].read_metrics()
    for tag, column in (("epoch_loss", "loss"), ("epoch_learning_rate", "learning_rate")):
        logged = [float(_tensor(event)) for event in accumulator.Tensors(tag)]
        assert logged == pytest.approx([float(row[column]) for row in rows], rel=1e-5)


def test_tensorboard_has_the_validation_loss(events):
    assert len(events("validation").Tensors("epoch_loss")) == 2


def test_tensorboard_has_histograms_of_the_weights(events):
    histograms = [
        tag
        for tag, metadata in _plugins(events("train"))
        if metadata == "histograms" and "kernel" in tag
    ]
    assert histograms


def test_tensorboard_has_the_graph_of_the_encoder(events):
    graph = events().Graph()
    assert "pictures" in {node.name for node in graph.node}
    assert sum(node.op == "Conv2D" for node in _nodes(graph)) > 5


def test_tensorboard_has_the_views_of_every_epoch(events):
    accumulator = events()
    pictures = accumulator.Tensors("views")
    assert [event.step for event in pictures] == [1, 2]
    width, height, png = pictures[0].tensor_proto.string_val[:3]
    # Three rows (picture, both views) of ten pictures of 8 pixels.
    assert (int(width), int(height)) == (80, 24)
    assert png.startswith(b"\x89PNG")


def test_the_views_differ_from_epoch_to_epoch(events):
    first, second = (event.tensor_proto.string_val[2] for event in events().Tensors("views"))
    assert first != second


def test_tensorboard_has_the_hyperparameters(events):
    tags = dict(_plugins(events()))
    assert tags["_hparams_/session_start_info"] == "hparams"
    assert "hparams/loss" in tags


def test_one_training_writes_one_summary_file(pretrained):
    files = (pretrained[0].path / "tensorboard").glob("events.out.tfevents*")
    assert len(list(files)) == 1


def test_no_log_is_written_unless_asked_for(run):
    assert log_callbacks(run, PretrainSettings(tensorboard=False), draw_nothing) == []


def _tensor(event):
    from tensorboard.util import tensor_util

    return tensor_util.make_ndarray(event.tensor_proto)


def _nodes(graph):
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _plugins(accumulator):
    tags = accumulator.Tags()["tensors"]
    return [(tag, accumulator.SummaryMetadata(tag).plugin_data.plugin_name) for tag in tags]


# === Weights & Biases ===


def test_a_missing_wandb_names_the_extra(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    settings = PretrainSettings(tensorboard=False, wandb_project="pictures")
    with pytest.raises(ValueError, match=r'the extra "wandb": pip install "simclr_tf\[wandb\]"'):
        log_callbacks(run, settings, draw_nothing)


class Recorded:
    """Stands for the package `wandb` and remembers what it was asked to do."""

    def __init__(self):
        self.begun, self.rows, self.finished = [], [], 0

    def init(self, **named):
        self.begun.append(named)
        return self

    def log(self, values, step):
        self.rows.append((step, values))

    def finish(self):
        self.finished += 1


@pytest.fixture
def recorded(monkeypatch):
    recorded = Recorded()
    monkeypatch.setitem(sys.modules, "wandb", recorded)
    return recorded


def mirror_epochs(run, epochs):
    mirror = WandbMirror(run, "pictures", {"seed": 3})
    mirror.on_train_begin()
    for epoch in epochs:
        run.append_metrics({"epoch": epoch + 1, "loss": 2.0 / (epoch + 1)})
        mirror.on_epoch_end(epoch)
    mirror.on_train_end()


def test_the_rows_of_metrics_csv_are_mirrored(run, recorded):
    mirror_epochs(run, range(2))
    assert recorded.rows == [
        (1, {"epoch": 1.0, "loss": 2.0}),
        (2, {"epoch": 2.0, "loss": 1.0}),
    ]
    assert recorded.begun[0]["config"] == {"seed": 3}
    assert recorded.finished == 1


def test_a_resumed_run_goes_on_in_the_same_mirror(run, recorded):
    mirror_epochs(run, range(1))
    mirror_epochs(run, range(1, 2))
    first, second = recorded.begun
    assert first["id"] == second["id"]
    assert second["resume"] == "allow"


def test_every_part_of_a_comparison_has_its_own_mirror(tmp_path, recorded):
    for place in ("first/seed_0/pretrain", "second/seed_0/pretrain"):
        with RunFolder.create(tmp_path / place, {}) as run:
            mirror_epochs(run, range(1))
    assert recorded.begun[0]["id"] != recorded.begun[1]["id"]


def test_offline_the_rows_are_kept_in_the_run_folder(run, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="the extra wandb is not installed")
    for name, value in (("MODE", "offline"), ("SILENT", "true"), ("CONSOLE", "off")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    mirror_epochs(run, range(2))
    wandb.teardown()
    (path,) = run.path.glob("wandb/offline-run-*/run-*.wandb")
    rows = [{name: float(row[name]) for name in ("epoch", "loss")} for row in _wandb_history(path)]
    assert rows == [{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": 1.0}]


def _wandb_history(path):
    """Reads the logged rows of an offline run: records of LevelDB's log format."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, position, record = path.read_bytes(), 7, b""
    rows = []
    while position + 7 <= len(content):
        length, kind = struct.unpack("<HB", content[position + 4 : position + 7])
        record += content[position + 7 : position + 7 + length]
        position += 7 + length
        if 32768 - position % 32768 < 7:
            position += 32768 - position % 32768
        # 1 is a whole record and 4 the end of one.
        if kind in (1, 4):
            parsed = Record.FromString(record)
            if parsed.WhichOneof("record_type") == "history":
                items = parsed.history.item
                rows.append({item.key or item.nested_key[0]: item.value_json for item in items})
            record = b""
    return rows


def test_both_logs_can_be_asked_for(run, recorded):
    settings = dataclasses.replace(PretrainSettings(), tensorboard=True, wandb_project="pictures")
    names = [type(callback).__name__ for callback in log_callbacks(run, settings, draw_nothing)]
    assert names == ["TensorBoard", "RunSummary", "WandbMirror"]
