"""The file that weights are in: a local path, or one of a repository of the Hugging Face Hub."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Sequence

_REPOSITORY = re.compile(
    r"(?P<scheme>hf://)?(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)"
    r"(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>.+))?"
)
# What a repository may hold, the best first.
_USUAL_NAMES = ("model.safetensors", "pytorch_model.bin")
_SUFFIXES = (".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".tar")


def find_weights(weights: str) -> pathlib.Path:
    """Returns the local path of weights, after a download where they are on the Hugging Face Hub.

    A local path always goes before. A file that was downloaded once is taken from the cache of
    `huggingface_hub`.

    Args:
        weights: a path, or the prefix of a checkpoint of TensorFlow; `hf://OWNER/NAME`,
            `hf://OWNER/NAME/FILE` or, for a branch, tag or commit,
            `hf://OWNER/NAME@REVISION/FILE`; or, where there is no folder OWNER here,
            `OWNER/NAME` alone. Without FILE it is the repository's only checkpoint, or its
            model.safetensors.

    Raises:
        ValueError: if there is no such file here or there, the Hub cannot be reached, or the
            extra `hub` is needed and not installed.
    """
    path = pathlib.Path(weights).expanduser()
    # Of TensorFlow's checkpoints the files are PREFIX.index and PREFIX.data-...
    if path.exists() or path.with_name(f"{path.name}.index").exists():
        return path
    match = _REPOSITORY.fullmatch(weights)
    if match is None or not (match["scheme"] or _is_repository(match)):
        raise ValueError(
            "`weights` must be a file that exists, or hf://OWNER/NAME of the Hugging Face Hub. "
            f"Received: {weights!r}"
        )
    return _download(f"{match['owner']}/{match['name']}", match["revision"], match["file"], weights)


def _is_repository(match: re.Match) -> bool:
    """Whether a name without `hf://` means a repository and not a file that is missing."""
    named_like_a_file = match["name"].endswith((*_SUFFIXES, ".h5", ".keras"))
    return match["file"] is None and not named_like_a_file and not os.path.isdir(match["owner"])


def _download(
    repository: str, revision: str | None, file: str | None, weights: str
) -> pathlib.Path:
    try:
        import httpx
        import huggingface_hub
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise ValueError(
            '`weights` on the Hugging Face Hub need the extra "hub": pip install "simclr_tf[hub]". '
            f"Received: {weights!r}, which is no local file"
        ) from error
    try:
        if file is None:
            file = _choose(huggingface_hub.list_repo_files(repository, revision=revision), weights)
        return pathlib.Path(huggingface_hub.hf_hub_download(repository, file, revision=revision))
    except (OSError, httpx.HTTPError, HFValidationError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise ValueError(
            "`weights` must be a file that exists, or a repository of the Hugging Face Hub that "
            f"can be read. Received: {weights!r}: {reason}"
        ) from error


def _choose(files: Sequence[str], weights: str) -> str:
    checkpoints = [file for file in files if file.endswith(_SUFFIXES)]
    usual = [name for name in _USUAL_NAMES if name in checkpoints]
    if not usual and len(checkpoints) != 1:
        raise ValueError(
            "`weights` must name a file of the repository, as in hf://OWNER/NAME/FILE. "
            f"Received: {weights!r}, with {', '.join(checkpoints) or 'no checkpoint'}"
        )
    return usual[0] if usual else checkpoints[0]
