"""Training steps and whole training."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from lightly.loss import NTXentLoss

from experiments.benchmarks.pictures import random_pictures
from experiments.benchmarks.pytorch.networks import SimCLR
from experiments.benchmarks.pytorch.views import batches_ahead, build_loader, seconds_a_batch

RECIPE = "simclr-cifar"


class Trainer:
    """One model with its optimizer and its step.

    Args:
        encoder: see `build_backbone`, as for the next two.
        width: multiplier of the channels.
        image_size: of the pictures.
        tuned: channels-last, bfloat16, both views in one pass and a fused optimizer; otherwise
            float32, NCHW and one pass a view, as lightly's documentation has it.
        learning_rate: of SGD.
        temperature: of the loss.
    """

    def __init__(
        self,
        encoder: str,
        width: float,
        image_size: int,
        tuned: bool,
        learning_rate: float = 0.01,
        temperature: float = 0.2,
    ) -> None:
        torch.manual_seed(0)
        self.tuned = tuned
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = SimCLR(encoder, width, image_size).to(self.device).train()
        if tuned:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.criterion = NTXentLoss(temperature=temperature)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            lr=learning_rate,
            momentum=0.9,
            weight_decay=1e-4,
            fused=tuned or None,
        )

    def step(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Trains on two views `[N, 3, height, width]` and returns the loss."""
        self.optimizer.zero_grad(set_to_none=True)
        z_a, z_b = self._projections(first.to(self.device), second.to(self.device))
        loss = self.criterion(z_a, z_b)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _projections(self, first, second):
        if not self.tuned:
            return self.model(first), self.model(second)
        both = torch.cat([first, second]).to(memory_format=torch.channels_last)
        with torch.autocast(self.device, dtype=torch.bfloat16):
            projections = self.model(both)
        return projections.float().chunk(2)


def step(
    encoder: str, width: float, image_size: int, batch_size: int, tuned: bool
) -> Callable[[int], float]:
    """Returns a task that trains on views made before, and gives views a second."""
    trainer = Trainer(encoder, width, image_size, tuned)
    pictures = torch.from_numpy(random_pictures(batch_size, image_size))
    views = pictures.permute(0, 3, 1, 2).float().div(255).to(trainer.device)
    if tuned:
        views = views.to(memory_format=torch.channels_last)

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            loss = trainer.step(views, views)
        loss.item()
        return 2 * batch_size * count / (time.perf_counter() - begin)

    return run


def pretrain(
    encoder: str, width: float, image_size: int, batch_size: int, tuned: bool
) -> Callable[[int], float]:
    """Returns a task that trains from decoded pictures, and gives pictures a second."""
    trainer, batches = _trainer_and_batches(encoder, width, image_size, batch_size, tuned)

    def run(count: int) -> float:
        return batch_size / seconds_a_batch(
            batches, count, lambda views: trainer.step(*views).item()
        )

    return run


def waiting_share(
    encoder: str, width: float, image_size: int, batch_size: int, tuned: bool
) -> Callable[[int], float]:
    """Returns a task that gives the percentage of training spent waiting for views."""
    trainer, batches = _trainer_and_batches(encoder, width, image_size, batch_size, tuned)

    def run(count: int) -> float:
        trained: list[float] = []

        def step(views: list[torch.Tensor]) -> None:
            begin = time.perf_counter()
            trainer.step(*views).item()
            trained.append(time.perf_counter() - begin)

        seconds = seconds_a_batch(batches, count, step)
        return 100 * max(0.0, 1 - statistics.mean(trained[batches_ahead() :]) / seconds)

    return run


def _trainer_and_batches(encoder, width, image_size, batch_size, tuned):
    trainer = Trainer(encoder, width, image_size, tuned)
    pictures = random_pictures(16 * batch_size, image_size)
    return trainer, build_loader(pictures, RECIPE, batch_size)
