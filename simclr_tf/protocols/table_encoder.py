"""An encoder as a retrieval table names it, and what it may have seen of the pictures."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from simclr_tf.checks import check_at_least
from simclr_tf.data.selection import Selection
from simclr_tf.encoders.find import find_encoder
from simclr_tf.encoders.source import EncoderSource, TrainedEncoder
from simclr_tf.protocols.embedding_settings import EmbeddingSettings
from simclr_tf.runs import read_config

# Of an encoder below the folder of a larger job: version, part, seed, version.
_PARENTS = 4


@dataclasses.dataclass(frozen=True)
class TableEncoder:
    """One encoder of a table, or several that were trained alike with other seeds.

    Attributes:
        name: How the table calls it.
        sources: The encoder, or those of several runs, at least one.
        settings: How each of them embeds.
        data: Name of the only folder that it is measured on; empty for every folder.

    Raises:
        ValueError: There is no source.
    """

    name: str
    sources: tuple[EncoderSource, ...]
    settings: EmbeddingSettings
    data: str = ""

    def __post_init__(self) -> None:
        check_at_least("len(sources)", len(self.sources), 1)

    def seen_before(self, data: str, held_out: bool) -> str:
        """Returns why queries may be pictures that the encoder was trained on; empty if not.

        The folder is known by its name, as the config.json of a run holds it: a folder that was
        renamed since is not noticed.

        Args:
            data: Name of the folder that queries and gallery are drawn from.
            held_out: Whether the queries are its test pictures alone.
        """
        for source in self.sources:
            config = _config_of(source)
            if config is None or os.path.basename(os.path.normpath(config["data_dir"])) != data:
                continue
            if not held_out:
                return f"{self.name} was trained on pictures of {data}, and queries are among them"
            share, needed = config.get("test_fraction"), Selection().test_fraction
            if isinstance(share, float) and share < needed:
                return (
                    f"{self.name} was trained on pictures of {data} with a test_fraction of "
                    f"{share:g}, and queries are of the first {needed:g}"
                )
        return ""


def _config_of(source: EncoderSource) -> dict[str, Any] | None:
    """Returns the nearest config.json above a trained encoder that names a folder of pictures."""
    if not isinstance(source, TrainedEncoder):
        return None
    parents = find_encoder(source.encoder_dir).absolute().parents
    for folder in parents[:_PARENTS]:
        try:
            config = read_config(folder)
        except (ValueError, OSError):
            continue
        if isinstance(config.get("data_dir"), str):
            return config
    return None
