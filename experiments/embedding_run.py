"""One folder or data set embedded with a progress bar, by one process or several."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING, Any

from absl import flags
from tqdm import tqdm

from experiments import decoding_flags, distribution_flags, model_flags

if TYPE_CHECKING:
    from simclr_tf.data import PictureIndex
    from simclr_tf.protocols.embedding import EmbeddingReport
    from simclr_tf.protocols.embedding_settings import EmbeddingSettings

_OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace embeddings of another encoder")


def config(settings: EmbeddingSettings) -> dict[str, Any]:
    """Returns what all workers must have been asked for, for `distribution_flags.strategy_scope`.

    Args:
        settings: see `embedding_flags.read_settings`.
    """
    return {
        **dataclasses.asdict(settings),
        "label_depth": decoding_flags.LABEL_DEPTH.value,
    }


def embed(
    index: PictureIndex, root: str | None, output: pathlib.Path, settings: EmbeddingSettings
) -> EmbeddingReport | None:
    """Embeds the pictures and prints what was done; in `distribution_flags.strategy_scope`.

    Returns:
        What was done; `None` on a worker that is not the chief, which has nothing left to do.
    """
    from simclr_tf.protocols.embedding import embed_pictures

    assisted = distribution_flags.has_workers()
    if assisted and not distribution_flags.writes():
        from simclr_tf.protocols.embedding_workers import assist_embedding

        assist_embedding(index, model_flags.read_source(), settings)
        return None
    with tqdm(desc=f"embedding {index.name}", unit=" pictures", leave=False, delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = embed_pictures(
            index,
            model_flags.read_source(),
            output,
            settings,
            root="" if root is None else os.path.abspath(os.path.expanduser(root)),
            overwrite=_OVERWRITE.value,
            progress=show,
            assisted=assisted,
        )
    print(
        f"{index.name}: {len(report.embeddings)} embeddings; {report.num_new} new, "
        f"{report.num_kept} kept, {report.num_gone} gone, "
        f"{len(report.skipped)} pictures skipped"
    )
    return report
