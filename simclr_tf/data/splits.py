"""Train, validation and test by the content of the pictures.

A picture's split depends on its own bytes only, so adding files moves no other file, and
two copies of one picture land in the same split.
"""

from __future__ import annotations

from collections.abc import Sequence

from simclr_tf.data.picture_set import UNLABELLED

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLIT_NAMES = (TRAIN, VALIDATION, TEST)


def split_of(sha256: str, validation_fraction: float, test_fraction: float) -> str:
    """Returns the split of a picture: `"train"`, `"validation"` or `"test"`.

    The first 64 bits of the digest, read as a number in [0, 1), fall in the test share
    [0, t), the validation share [t, t + v) or the rest. The test share comes first, so
    another `validation_fraction` does not change the test split.

    Args:
        sha256: hexadecimal SHA-256 of the picture file's content.
        validation_fraction: share of validation pictures, in [0, 1).
        test_fraction: share of test pictures, in [0, 1).
    """
    position = int(sha256[:16], 16) / 2**64
    if position < test_fraction:
        return TEST
    if position < test_fraction + validation_fraction:
        return VALIDATION
    return TRAIN


def assign_splits(
    sha256: Sequence[str],
    labels: Sequence[int],
    given: Sequence[str],
    validation_fraction: float,
    test_fraction: float,
) -> list[str | None]:
    """Returns the split of every picture; None leaves the picture out.

    Splits that the data came with are honoured. Those that are missing are carved out of
    the given train pictures. Unlabelled pictures stay in train, but a copy of a picture
    that was carved out is left out, for training must not see a held-out picture.

    Args:
        sha256: `n` hexadecimal digests of the pictures' contents.
        labels: `n` labels; -1 means no label.
        given: `n` names of the splits the pictures came in; `"train"` for data without splits.
        validation_fraction: share of validation pictures, used when none are given.
        test_fraction: share of test pictures, used when none are given.
    """
    present = set(given)
    validation_share = 0.0 if VALIDATION in present else validation_fraction
    test_share = 0.0 if TEST in present else test_fraction
    assigned: list[str | None] = list(given)
    carved = set()
    for row, digest in enumerate(sha256):
        if given[row] == TRAIN and labels[row] != UNLABELLED:
            assigned[row] = split_of(digest, validation_share, test_share)
            if assigned[row] != TRAIN:
                carved.add(digest)
    for row, digest in enumerate(sha256):
        if labels[row] == UNLABELLED and assigned[row] == TRAIN and digest in carved:
            assigned[row] = None
    return assigned


def count_straddling(sha256: Sequence[str], splits: Sequence[str]) -> int:
    """Returns how many different contents lie in more than one split."""
    first_split: dict[str, str] = {}
    straddling = set()
    for digest, split in zip(sha256, splits, strict=True):
        if first_split.setdefault(digest, split) != split:
            straddling.add(digest)
    return len(straddling)
