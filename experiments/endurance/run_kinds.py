"""Files of run folders: settings, tables, checkpoints, encoders, weights."""

from __future__ import annotations

import functools
import pathlib

import keras
import numpy as np

from experiments.endurance.kinds import Kind, WrongResult, forged
from simclr_tf.encoders import load_encoder, load_weights_by_layer_name
from simclr_tf.encoders.find import encoder_fingerprint, encoder_image_size
from simclr_tf.files import write_json
from simclr_tf.protocols.evaluation_settings import EvaluationSettings
from simclr_tf.protocols.sweep_base import SweepBase
from simclr_tf.protocols.sweep_grid import grid_combinations, read_grid_file
from simclr_tf.protocols.sweep_record import SweepRecord
from simclr_tf.protocols.time_limit import epochs_within
from simclr_tf.runs import RunFolder, allowed_changes
from simclr_tf.training.checkpoints import Checkpoints


def setting_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns the kinds of files that say what a run or a sweep is, and how far it came."""
    config = {"seed": 0, "temperature": 0.1, "data_dir": "a", "pretrain": {"batch_size": 8}}
    with RunFolder.create(folder / "run", config) as run:
        for epoch in (1, 2, 3):
            run.append_metrics({"epoch": epoch, "loss": 1 / epoch, "val_loss": 2.5})
        plan = run.write_json("plan.json", {"epochs": 3, "steps_per_epoch": 4, "mode": "min"})
    base = SweepBase("evaluate", [EvaluationSettings()], {"dataset": "symbols"})
    grid = [{"num_show_similar": [3, 5], "probe_linearly": [True, False]}]
    write_json(folder / "grid.json", grid)
    record = SweepRecord(folder, base, grid_combinations(base, grid))
    record.save()

    def read_config() -> None:
        with RunFolder.resume(folder / "run") as resumed:
            allowed_changes(resumed.path, resumed.config, config)

    def read_metrics() -> None:
        run.read_metrics()
        run.drop_metrics_after(2)

    def read_grid() -> None:
        grid_combinations(base, read_grid_file(folder / "grid.json"))

    def read_sweep() -> None:
        SweepRecord(folder, base, grid_combinations(base, grid))

    kinds = {
        "config": (run.path / "config.json", read_config),
        "metrics": (run.path / "metrics.csv", read_metrics),
        "plan": (plan, lambda: epochs_within(1.0, plan, 4, _not_needed)),
        "grid": (folder / "grid.json", read_grid),
        "sweep": (folder / "sweep.json", read_sweep),
    }
    return [Kind.of_file(name, path, read, is_text=True) for name, (path, read) in kinds.items()]


def model_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns the kinds of files that hold weights."""
    model = _model(0)
    model.save(folder / "encoder.keras")
    model.save_weights(folder / "model.weights.h5")
    good = model.get_weights()
    reader = _model(1)

    def read_encoder() -> None:
        encoder_fingerprint(folder / "encoder.keras")
        encoder_image_size(folder / "encoder.keras")
        _check_same(load_encoder(folder / "encoder.keras").get_weights(), good)

    def read_weights(name: str) -> None:
        load_weights_by_layer_name(reader, folder / name)

    kinds = {
        "encoder": (folder / "encoder.keras", read_encoder),
        "weights_keras": (folder / "encoder.keras", lambda: read_weights("encoder.keras")),
        "weights_h5": (folder / "model.weights.h5", lambda: read_weights("model.weights.h5")),
    }
    found = [Kind.of_file(name, path, read) for name, (path, read) in kinds.items()]
    checkpoint = _checkpoint_kind(folder, model)
    return [*found, forged(found[0]), checkpoint, forged(checkpoint)]


def _checkpoint_kind(folder: pathlib.Path, model: keras.Model) -> Kind:
    """A damaged checkpoint is passed over for the one before, or refused; else it is right."""
    model.compile("adam", "mse", jit_compile=False, run_eagerly=True)
    checkpoints = Checkpoints(model, folder)
    saved: dict[int, list[np.ndarray]] = {}
    for step in (1, 2):
        model.set_weights([weight + step for weight in model.get_weights()])
        path = checkpoints.save(step, {"best": np.float64(step)})
        saved[step] = model.get_weights()

    def read() -> None:
        restored = checkpoints.restore()
        if restored is None or restored[1]["best"] != restored[0]:
            raise WrongResult(f"restored {restored}")
        _check_same(model.get_weights(), saved[restored[0]])

    return Kind.of_file("checkpoint", path, read)


@functools.cache
def _model(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3, strides=4, name="convolution"),
        keras.layers.Flatten(),
        keras.layers.Dense(4, name="dense"),
    ]
    return keras.Sequential(layers)


def _check_same(weights: list[np.ndarray], good: list[np.ndarray]) -> None:
    for found, expected in zip(weights, good, strict=True):
        if not np.array_equal(found, expected):
            raise WrongResult("other weights")


def _not_needed() -> tuple:
    raise WrongResult("the plan was not read")
