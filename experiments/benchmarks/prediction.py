"""What a training and an embedding on many GPUs would take, from measured parts."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.benchmarks.traffic import sent_by_all_reduce, sent_by_gather
from simclr_tf.checks import check_positive

# Of numbers: the product of two rows once forward and once more for the gradient, and what goes
# back to each of them, a multiplication and an addition each.
_OPERATIONS_A_PAIR = 8


@dataclasses.dataclass(frozen=True)
class ScaleAssumptions:
    """What is taken for granted because it was not measured.

    Attributes:
        gpu_pictures_per_second: that one GPU trains on (two views each), without the loss.
        gpu_embeddings_per_second: that one GPU embeds.
        gpu_flops: operations a second that a GPU reaches in the loss (float32 matrices).
        gpus_per_machine: GPUs that share a machine's cores, network and storage.
        near_bytes_per_second: that a GPU sends to another one of its machine.
        far_bytes_per_second: that a GPU sends to another machine.
        cores_per_machine: cores that decode.
        storage_bytes_per_second: that one machine reads.
        picture_bytes: of a picture file.
        batch_per_gpu: pictures of a step on each GPU.
        parameters: of encoder and head.
        activation_bytes: kept for the gradient, a picture (two views).
        projection_size: numbers of a projection.
        embedding_size: numbers of an embedding.
        epochs: of the training.
    """

    gpu_pictures_per_second: float = 1250.0
    gpu_embeddings_per_second: float = 5000.0
    gpu_flops: float = 2e13
    gpus_per_machine: int = 8
    near_bytes_per_second: float = 2e11
    far_bytes_per_second: float = 2.5e10
    cores_per_machine: int = 96
    storage_bytes_per_second: float = 5e9
    picture_bytes: float = 1e5
    batch_per_gpu: int = 128
    parameters: float = 2.8e7
    activation_bytes: float = 2e8
    projection_size: int = 128
    embedding_size: int = 2048
    epochs: int = 100

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            check_positive(name, value)


@dataclasses.dataclass(frozen=True)
class MeasuredParts:
    """What the benchmark has measured.

    Attributes:
        decoded_per_core: pictures a second that one core decodes.
        observed_traffic: bytes that a gather was seen to send, in those counted from shapes.
    """

    decoded_per_core: float
    observed_traffic: float


def predict(
    pictures: float, gpus: int, measured: MeasuredParts, assumed: ScaleAssumptions
) -> dict[str, Any]:
    """Returns time, memory and the limit of training on `pictures`, and of embedding them.

    The parts of a step come one after the other; only the input overlaps them.

    Args:
        pictures: of the collection, greater than 0.
        gpus: in machines of `gpus_per_machine`, at least 1.
        measured: parts of the benchmark.
        assumed: the rest.
    """
    check_positive("pictures", pictures)
    machines = -(-gpus // assumed.gpus_per_machine)
    batch = gpus * assumed.batch_per_gpu
    seconds = step_seconds(gpus, measured, assumed)
    step = sum(seconds.values())
    decoded = machines * assumed.cores_per_machine * measured.decoded_per_core
    read = machines * assumed.storage_bytes_per_second / assumed.picture_bytes
    rates = {"the GPUs": batch / step, "decoding": decoded, "storage": read}
    limit = min(rates, key=lambda name: rates[name])
    embedding = {**rates, "the GPUs": gpus * assumed.gpu_embeddings_per_second}
    return {
        "pictures": pictures,
        "gpus": gpus,
        "batch": batch,
        "step_seconds": seconds,
        "pictures_per_second": rates,
        "limit": limit,
        "training_hours": assumed.epochs * pictures / rates[limit] / 3600,
        "embedding_hours": pictures / min(embedding.values()) / 3600,
        "embedding_limit": min(embedding, key=lambda name: embedding[name]),
        "gpu_memory_bytes": memory_bytes(batch, assumed),
        "pictures_bytes": pictures * assumed.picture_bytes,
        "embeddings_bytes": pictures * assumed.embedding_size * 4,
    }


def step_seconds(gpus: int, measured: MeasuredParts, assumed: ScaleAssumptions) -> dict[str, float]:
    """Returns the parts of a training step in seconds.

    `loss` is that of a replica's own rows against all; `gather` counts the way there and the way
    back of the gradient. How long a message takes however short it is, is not in it: over a
    network it adds to every exchange, those of the batch normalisation among them.
    """
    rows = 2 * gpus * assumed.batch_per_gpu
    near = gpus <= assumed.gpus_per_machine
    speed = assumed.near_bytes_per_second if near else assumed.far_bytes_per_second
    operations = _OPERATIONS_A_PAIR * rows**2 / gpus * assumed.projection_size
    gathered = sent_by_gather(gpus, rows, assumed.projection_size) * measured.observed_traffic
    gradients = sent_by_all_reduce(gpus, round(assumed.parameters)) * measured.observed_traffic
    return {
        "encoder": assumed.batch_per_gpu / assumed.gpu_pictures_per_second,
        "loss": operations / assumed.gpu_flops,
        "gather": 2 * gathered / speed,
        "gradients": gradients / speed,
    }


def memory_bytes(batch: int, assumed: ScaleAssumptions, block: int = 256) -> float:
    """Returns the memory of one GPU: weights, gradients, momentum, activations and the loss."""
    rows = 2 * batch
    loss = 4 * (3 * rows * assumed.projection_size + 4 * block * rows)
    return 3 * 4 * assumed.parameters + assumed.batch_per_gpu * assumed.activation_bytes + loss
