"""Shards embedded by Apache Beam, on whatever its runner runs on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.utils.shared import Shared

from simclr_tf.encoders.source import EncoderSource
from simclr_tf.protocols.collection.shard_plan import ShardPlan


class EmbedShards(beam.DoFn):
    """From the numbers of shards to those numbers, once their files are written.

    An engine may do an element twice, at the same time or after a failure: both times the same
    file is written in one step, and the last one stays.

    Args:
        plan: What to embed.
        source: Of the encoder, which every process loads once.
    """

    def __init__(self, plan: ShardPlan, source: EncoderSource) -> None:
        super().__init__()
        self._plan = plan
        self._source = source
        self._shared = Shared()

    def setup(self) -> None:
        """See `beam.DoFn`."""
        self._embed = self._shared.acquire(self._load)

    def process(self, number: int) -> Iterator[int]:
        """See `beam.DoFn`."""
        from simclr_tf.protocols.collection.shard import embed_shard

        embed_shard(self._plan, number, self._embed)
        yield number

    def _load(self):
        from simclr_tf.protocols.picture_embedder import PictureEmbedder

        return PictureEmbedder(self._source.load(), self._plan.settings)


def run_beam(
    plan: ShardPlan, numbers: Sequence[int], source: EncoderSource, options: Sequence[str] = ()
) -> None:
    """Embeds shards and returns when all are done.

    Args:
        plan: What to embed.
        numbers: Of the shards.
        source: Of the encoder.
        options: Beam's own, such as `--runner=FlinkRunner`; by default this machine works alone.

    Raises:
        ValueError: A shard could not be made; those that could are there.
    """
    chosen = PipelineOptions(list(options))
    # Beam's own default would first try to fetch a program from the network.
    runner = None if chosen.view_as(StandardOptions).runner else FnApiRunner()
    try:
        with beam.Pipeline(runner, chosen) as pipeline:
            (
                pipeline
                | "shards" >> beam.Create(list(numbers))
                # Else an engine may do them all one after the other, as one step with `Create`.
                | "spread" >> beam.Reshuffle()
                | "embed" >> beam.ParDo(EmbedShards(plan, source))
            )
    except RuntimeError as error:
        # What failed on a worker comes as the text of its traceback.
        last = [line.strip() for line in str(error).splitlines() if line.strip()][-1:]
        raise ValueError(f"Apache Beam has stopped: {' '.join(last)}") from error
