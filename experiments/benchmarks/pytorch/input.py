"""Pictures from files."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from experiments.benchmarks.pictures import picture_files
from experiments.benchmarks.threads import thread_count


class Files(Dataset):
    """Picture files, decoded, resized and cropped.

    Args:
        paths: of the files.
        image_size: of the pictures that come out.
    """

    def __init__(self, paths: list[str], image_size: int) -> None:
        self.paths = paths
        self.transform = transforms.Compose(
            [
                transforms.Resize(image_size),
                transforms.CenterCrop(image_size),
                transforms.PILToTensor(),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> torch.Tensor:
        with Image.open(self.paths[row]) as picture:
            return self.transform(picture.convert("RGB"))


def decode(data_dir: str, image_size: int) -> Callable[[int], float]:
    """Returns a task that gives the seconds from a folder to decoded pictures in memory."""

    def run(count: int) -> float:
        begin = time.perf_counter()
        files = Files(picture_files(data_dir), image_size)
        torch.cat(list(DataLoader(files, batch_size=64, num_workers=thread_count())))
        return time.perf_counter() - begin

    return run
