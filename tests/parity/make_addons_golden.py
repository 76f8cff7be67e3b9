"""Writes golden/addons.npz: losses and LAMB steps as tensorflow-addons 0.23.0 computes them.

tensorflow-addons ended in May 2024 and cannot be imported beside Keras 3, so that this script has
an environment of its own (Python 3.11):

    python3.11 -m venv addons_venv
    addons_venv/bin/pip install tensorflow-cpu==2.15.1 tensorflow-addons==0.23.0
    addons_venv/bin/python tests/parity/make_addons_golden.py
"""

import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

GOLDEN = pathlib.Path(__file__).parent / "golden" / "addons.npz"
DISTANCES = {"euclidean": "L2", "squared_euclidean": "squared-L2", "cosine": "angular"}
MARGINS = (0.2, 1.0)
# Weight decay, and whether the learning rate falls, in the cases of LAMB.
LAMB_CASES = {"plain": 0.0, "decay": 0.1}
LAMB_STEPS = 4


def batches():
    """Embeddings and labels by name: every row has a positive, except in `singletons`."""
    generator = np.random.default_rng(0)

    def draw(labels, size):
        labels = np.array(labels, np.int32)
        z = generator.normal(size=(len(labels), size)) + 0.5 * labels[:, None]
        return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32), labels

    return {
        "pairs": draw([0, 0, 1, 1, 2, 2, 3, 3], 5),
        "unequal": draw([0] * 6 + [1] * 3 + [2] * 2 + [5] * 4, 8),
        "singletons": draw([0, 0, 0, 1, 2, 2, 3], 4),
    }


def triplet_losses(z, labels):
    for distance, addons_name in DISTANCES.items():
        for margin in MARGINS:
            arguments = {"margin": margin, "distance_metric": addons_name}
            semi_hard = tfa.losses.TripletSemiHardLoss(**arguments)
            hard = tfa.losses.TripletHardLoss(**arguments)
            yield f"semi_hard/{distance}/{margin}", semi_hard(labels, z)
            yield f"hard/{distance}/{margin}", hard(labels, z)
        soft = tfa.losses.TripletHardLoss(soft=True, distance_metric=addons_name)
        yield f"hard_soft/{distance}", soft(labels, z)


def lamb_steps(weight_decay):
    """The variables before, and after each of a few steps, and the gradients between."""
    generator = np.random.default_rng(1)
    # A matrix, a vector, and one that begins at 0, whose trust ratio is 1 by definition.
    shapes = [(3, 4), (4,), (2,)]
    variables = [tf.Variable(generator.normal(size=shape), dtype=tf.float32) for shape in shapes]
    variables[2].assign([0.0, 0.0])
    optimizer = tfa.optimizers.LAMB(learning_rate=0.05, weight_decay=weight_decay)
    yield from ((f"before/{i}", variable.numpy()) for i, variable in enumerate(variables))
    for step in range(LAMB_STEPS):
        gradients = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
        optimizer.apply_gradients(zip(map(tf.constant, gradients), variables, strict=True))
        for i, (gradient, variable) in enumerate(zip(gradients, variables, strict=True)):
            yield f"gradient/{step}/{i}", gradient
            yield f"after/{step}/{i}", variable.numpy()


def main():
    arrays = {}
    for name, (z, labels) in batches().items():
        arrays[f"{name}/z"], arrays[f"{name}/labels"] = z, labels
        for key, loss in triplet_losses(z, labels):
            arrays[f"{name}/{key}"] = np.float32(loss)
        positives = z[::-1].copy()
        products = tf.matmul(z, positives, transpose_b=True)
        arrays[f"{name}/positives"] = positives
        arrays[f"{name}/n_pairs"] = np.float32(tfa.losses.NpairsLoss()(labels, products))
    for case, weight_decay in LAMB_CASES.items():
        for key, value in lamb_steps(weight_decay):
            arrays[f"lamb/{case}/{key}"] = value
    GOLDEN.parent.mkdir(exist_ok=True)
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    main()
