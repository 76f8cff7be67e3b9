"""Writes golden/metric_learning.npz: losses as pytorch-metric-learning and lightly compute them.

Only where the definitions coincide: triplets all and batch-hard, SupCon (rows without a positive
left out) and NT-Xent. Lightly has no triplet loss and no SupCon. Made with torch 2.15.0,
pytorch-metric-learning 2.9.0 and lightly 1.6.0, in an environment of its own:

    python3 -m venv golden_venv
    golden_venv/bin/pip install torch pytorch-metric-learning lightly
    golden_venv/bin/python tests/parity/make_metric_learning_golden.py

Arrays: `BATCH/z` float32 `[n, k]`, not normalised; `BATCH/labels` int64 `[n]`;
`BATCH/triplet/DISTANCE/MARGIN/{mean,nonzero}`; `BATCH/triplet_soft/DISTANCE`;
`BATCH/hard/DISTANCE/MARGIN`; `BATCH/sup_con/TEMPERATURE` (rows are normalised by the loss);
`nt_xent/z_a`, `nt_xent/z_b`, `nt_xent/TEMPERATURE`.
"""

import pathlib

import numpy as np
import torch
from lightly.loss import NTXentLoss
from pytorch_metric_learning import distances, losses, miners, reducers

GOLDEN = pathlib.Path(__file__).parent / "golden" / "metric_learning.npz"
DISTANCES = {
    "euclidean": lambda: distances.LpDistance(normalize_embeddings=False, p=2, power=1),
    "squared_euclidean": lambda: distances.LpDistance(normalize_embeddings=False, p=2, power=2),
    "cosine": distances.CosineSimilarity,
}
MARGINS = (0.2, 1.0)
TEMPERATURES = (0.07, 0.1, 0.5)


def batches():
    generator = np.random.default_rng(0)

    def draw(labels, size):
        labels = np.array(labels)
        z = generator.normal(size=(len(labels), size)) + 0.3 * labels[:, None]
        return z.astype(np.float32), labels

    return {
        "two_views": draw([0, 1, 2, 3, 0, 1, 2, 3], 6),
        "unequal": draw([0] * 7 + [1] * 2 + [4] * 3, 8),
        "singletons": draw([5, 0, 0, 1, 2, 2, 2, 7], 4),
        "larger": draw(generator.integers(0, 6, 48), 16),
    }


def losses_of(z, labels):
    for name, make in DISTANCES.items():
        for margin in MARGINS:
            for mean, reducer in (
                ("mean", reducers.MeanReducer()),
                ("nonzero", reducers.AvgNonZeroReducer()),
            ):
                loss = losses.TripletMarginLoss(margin, distance=make(), reducer=reducer)
                yield f"triplet/{name}/{margin}/{mean}", loss(z, labels)
            loss = losses.TripletMarginLoss(margin, distance=make(), reducer=reducers.MeanReducer())
            triplets = miners.BatchHardMiner(distance=make())(z, labels)
            yield f"hard/{name}/{margin}", loss(z, labels, triplets)
        soft = losses.TripletMarginLoss(
            0, smooth_loss=True, distance=make(), reducer=reducers.MeanReducer()
        )
        yield f"triplet_soft/{name}", soft(z, labels)
    for temperature in TEMPERATURES:
        yield f"sup_con/{temperature}", losses.SupConLoss(temperature)(z, labels)


def main():
    arrays = {}
    for name, (z, labels) in batches().items():
        arrays[f"{name}/z"], arrays[f"{name}/labels"] = z, labels
        for key, loss in losses_of(torch.from_numpy(z), torch.from_numpy(labels)):
            arrays[f"{name}/{key}"] = np.float32(loss)
    z_a, z_b = np.random.default_rng(1).normal(size=(2, 10, 16)).astype(np.float32)
    z_b = (z_a + 0.5 * z_b).astype(np.float32)
    arrays["nt_xent/z_a"], arrays["nt_xent/z_b"] = z_a, z_b
    for temperature in TEMPERATURES:
        loss = NTXentLoss(temperature)(torch.from_numpy(z_a), torch.from_numpy(z_b))
        arrays[f"nt_xent/{temperature}"] = np.float32(loss)
    GOLDEN.parent.mkdir(exist_ok=True)
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    main()
