"""Where a run's metrics go besides its metrics.csv: TensorBoard and Weights & Biases."""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.distribution.workers import is_chief
from simclr_tf.protocols.settings import PretrainSettings
from simclr_tf.runs import RunFolder, write_atomically


def log_callbacks(
    run: RunFolder, settings: PretrainSettings, draw_views: Callable[[int], np.ndarray]
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that `settings` asks for; of several workers the chief alone logs.

    Args:
        run: run folder; TensorBoard's files go to `tensorboard` in it.
        settings: what to log to, and the hyperparameters.
        draw_views: gives a picture of augmented views, uint8 `[height, width, 3]`, by epoch.

    Raises:
        ValueError: if Weights & Biases is asked for and not installed.
    """
    callbacks: list[keras.callbacks.Callback] = []
    if not is_chief():
        return callbacks
    if settings.tensorboard:
        folder = run.path / "tensorboard"
        callbacks.append(
            keras.callbacks.TensorBoard(str(folder), histogram_freq=1, write_graph=False)
        )
        callbacks.append(RunSummary(folder, dataclasses.asdict(settings), draw_views))
    if settings.wandb_project:
        callbacks.append(WandbMirror(run, settings.wandb_project, dataclasses.asdict(settings)))
    return callbacks


class RunSummary(keras.callbacks.Callback):
    """Writes the encoder's graph, the views of every epoch and the hyperparameters for TensorBoard.

    With several replicas there is no graph: to read their batch norm all would have to take part.

    Args:
        folder: of the event files.
        hyperparameters: by name.
        draw_views: gives uint8 `[height, width, 3]` by epoch.
    """

    def __init__(
        self,
        folder: os.PathLike[str],
        hyperparameters: dict[str, Any],
        draw_views: Callable[[int], np.ndarray],
    ) -> None:
        super().__init__()
        self.folder = os.fspath(folder)
        self.hyperparameters = hyperparameters
        self.draw_views = draw_views

    def on_train_begin(self, logs=None):
        self._writer = tf.summary.create_file_writer(self.folder)
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            with self._writer.as_default():
                tf.summary.graph(_inference_graph(self.model.encoder))

    def on_train_end(self, logs=None):
        self._writer.close()

    def on_epoch_end(self, epoch, logs=None):
        from tensorboard.plugins.hparams import api as hparams

        with self._writer.as_default():
            if epoch == 0:
                hparams.hparams(self.hyperparameters)
            # HParams reads its figures from scalars of the same event file.
            for name, value in (logs or {}).items():
                tf.summary.scalar(f"hparams/{name}", float(value), step=epoch + 1)
            tf.summary.image("views", self.draw_views(epoch)[None], step=epoch + 1)
        self._writer.flush()


def _inference_graph(encoder: keras.Model) -> tf.Graph:
    spec = tf.TensorSpec(encoder.input_shape, tf.uint8, "pictures")

    @tf.function(input_signature=[spec], autograph=False)
    def embed(pictures):
        return encoder(pictures, training=False)

    return embed.get_concrete_function().graph


class WandbMirror(keras.callbacks.Callback):
    """Sends every row of metrics.csv to Weights & Biases as well.

    Needs the extra `wandb`; `WANDB_MODE=offline` keeps the files in the run folder.

    Args:
        run: run folder that the rows are read from; must have been written before this callback.
        project: name of the project.
        config: what the run was asked for.

    Raises:
        ValueError: if the package `wandb` is not installed.
    """

    def __init__(self, run: RunFolder, project: str, config: dict[str, Any]) -> None:
        super().__init__()
        try:
            import wandb
        except ImportError as error:
            raise ValueError(
                '`wandb_project` needs the extra "wandb": pip install "simclr_tf[wandb]". '
                f"Received: wandb_project={project!r}"
            ) from error
        self._wandb = wandb
        self.run = run
        self.project = project
        self.config = config

    def on_train_begin(self, logs=None):
        self._mirror = self._wandb.init(
            project=self.project,
            id=self._identity(),
            name="/".join(self.run.path.absolute().parts[-3:]),
            config=self.config,
            dir=self.run.path,
            resume="allow",
        )

    def on_epoch_end(self, epoch, logs=None):
        row = self.run.read_metrics()[-1]
        values = {name: float(value) for name, value in row.items() if value}
        self._mirror.log(values, step=epoch + 1)

    def on_train_end(self, logs=None):
        self._mirror.finish()

    def _identity(self) -> str:
        """Returns the mirrored run's id: its own, and the same one after a stop."""
        path = self.run.path / "wandb_id.txt"
        if not path.is_file():
            write_atomically(path, uuid.uuid4().hex)
        return path.read_text(encoding="utf-8")
