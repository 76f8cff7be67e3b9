"""What must be reached, at the sizes for which it was set."""

from __future__ import annotations

_CACHING = "gradient caching, resnet18 width 0.25, 32 px, batch 4096 in micro-batches of 128"
_FIRST_PAGE = "1 example a class, first 1 of the pages"
# (part, case, peer) -> least ratio.
TARGETS: dict[tuple[str, str, str], float] = {
    ("step", "resnet18 width 0.25, 32 px", "tuned"): 1.2,
    ("step", "resnet18 width 1, 32 px", "tuned"): 1.0,
    ("step", _CACHING, "plain"): 0.65,
    # At most 1.3 times the memory.
    ("step", f"{_CACHING}, peak memory", "plain"): 1 / 1.3,
    ("step", "SupCon, resnet18 width 0.25, 32 px", "simclr"): 0.95,
    # At most 15 % more time a step.
    ("scaling", "step of 2 workers, resnet18 width 0.25, 32 px, batch 128", "process"): 1 / 1.15,
    ("scaling", "step of 2 workers, resnet18 width 0.25, 32 px, batch 512", "process"): 1 / 1.15,
    ("scaling", "step of 2 workers, resnet18 width 0.25, 32 px, batch 2048", "process"): 1 / 1.15,
    ("pretrain", "resnet18 width 0.25, 32 px, simclr-cifar", "tuned"): 1.7,
    ("pretrain", "resnet18 width 0.25, 32 px, simclr-cifar", "lightly"): 4.0,
    ("augment", "32 px, two views, simclr-cifar", "torchvision"): 10.0,
    ("augment", "224 px, two views, simclr-imagenet", "torchvision"): 5.0,
    ("loss", "4096 pairs, loss and gradient", "lightly"): 1.5,
    ("loss", "4096 pairs, peak memory above the inputs", "lightly"): 4.0,
    ("embed", "resnet18 width 1, 32 px", "tuned"): 1.2,
    ("embed_folder", "resnet18 width 1, 128 px", "encoder"): 0.9,
    ("export", "serving_default, resnet18 width 0.25, 32 px", "encoder"): 0.95,
    ("export", "serving_default, resnet18 width 1, 32 px", "encoder"): 0.95,
    ("export", "image_bytes, resnet18 width 0.25, 128 px", "apart"): 0.9,
    ("export", "image_bytes, resnet18 width 1, 128 px", "apart"): 0.9,
    # At least as good, and as fast.
    ("detect", "1 example a class, a page", "opencv"): 1.0,
    ("detect", "1 example a class, mAP@.5", "opencv"): 1.0,
    ("detect", f"{_FIRST_PAGE}, a page", "every_window"): 5.0,
    ("detect", f"{_FIRST_PAGE}, recall of the places looked at", "every_window"): 1.0,
    ("search", "exact, 1000 queries in 200000 x 128, top 10", "faiss"): 0.95,
}


def target(part: str, case: str, peer: str) -> float | None:
    """Returns the least ratio that ours must reach, or `None` for other sizes and peers."""
    return TARGETS.get((part, case, peer))
