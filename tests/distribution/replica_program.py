"""What the replicas of one process compute, as JSON; run in a process of its own.

python -m tests.distribution.replica_program REPLICAS
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from simclr_tf.augment import RandomGaussianNoise
from simclr_tf.distribution import apply_gradients, build_strategy, gather_rows, sum_over_replicas
from simclr_tf.distribution.replicas import draw_for_own_rows, share_of_loss, take_own_rows
from simclr_tf.encoders import FusedBatchNormalization
from simclr_tf.losses import nt_xent, sup_con
from simclr_tf.metrics import positive_ranks, row_blocks, uniformity

ROWS, SIZE = 12, 3
GAMMA = (0.5, 1.5, -2.0)
TEMPERATURE = 0.2
LABELS = (0, 1, 0, 2, 1, 0, -1, 2, 0, 1, 3, -1)
BLOCK_SIZES = (None, 1, 2, 5)


def of_each(strategy, function, *whole):
    """Runs `function` on each replica's rows; returns its results, replica by replica."""

    @tf.function
    def run():
        return strategy.run(lambda: function(*(take_own_rows(tf.constant(rows)) for rows in whole)))

    return [result.numpy() for result in strategy.experimental_local_results(run())]


def gradients_of(rows):
    """The gradient at a replica's rows of a loss that compares all rows with all."""
    with tf.GradientTape() as tape:
        tape.watch(rows)
        loss = share_of_loss(pair_loss(gather_rows(rows)))
    return tape.gradient(loss, rows)


def pair_loss(rows):
    weights = tf.reshape(tf.range(ROWS * ROWS, dtype=tf.float32), [ROWS, ROWS])
    return tf.reduce_sum(weights * tf.sin(tf.matmul(rows, rows, transpose_b=True)))


def losses_in_shares(strategy, rows):
    """Value and gradient of each contrastive loss, of which the replicas compute their rows."""
    labels = tf.constant(LABELS)

    def compute(own, loss):
        with tf.GradientTape() as tape:
            tape.watch(own)
            value = loss(gather_rows(own))
            share = share_of_loss(value)
        return tf.concat([value[None], tf.reshape(gather_rows(tape.gradient(share, own)), [-1])], 0)

    found = {}
    for block_size in BLOCK_SIZES:
        more = {"block_size": block_size, "in_shares": True}
        losses = {
            "nt_xent": lambda z, more=more: nt_xent(*tf.split(z, 2), TEMPERATURE, **more),
            "sup_con": lambda z, more=more: sup_con(z, labels, TEMPERATURE, **more),
        }
        for name, loss in losses.items():
            results = of_each(strategy, lambda own, loss=loss: compute(own, loss), rows)
            found[f"{name}_{block_size}"] = [result.tolist() for result in results]
    return found


def metrics_in_shares(strategy, rows):
    """Ranks and uniformity, of which the replicas compute their rows, also in blocks."""

    def compute(own):
        whole = gather_rows(own)
        ranks = tf.cast(positive_ranks(*tf.split(whole, 2), in_shares=True), tf.float32)
        return tf.concat([ranks, [uniformity(whole, in_shares=True)]], axis=0)

    row_blocks._FEWEST_SHARED = 0
    found = []
    for row_blocks._ROWS_AT_ONCE, row_blocks._BLOCK_SIZE in ((2048, 512), (1, 2)):
        found += [result.tolist() for result in of_each(strategy, compute, rows)]
    return found


def normalization_gradients(strategy, dtype, pictures, upstream):
    """The gradients of all pictures, and those of scale and offset, of `Σ upstream · output`."""
    layer = FusedBatchNormalization(dtype=dtype)
    layer.build((None, *pictures.shape[1:]))
    layer.gamma.assign(GAMMA)

    def gradients(part, weights):
        part = tf.cast(part, layer.compute_dtype)
        with tf.GradientTape() as tape:
            tape.watch(part)
            loss = tf.reduce_sum(tf.cast(layer(part, training=True), tf.float32) * weights)
        dx, *others = tape.gradient(loss, [part, *layer.trainable_weights])
        return tf.concat(
            [
                tf.reshape(gather_rows(tf.cast(dx, tf.float32)), [-1]),
                tf.reshape(sum_over_replicas(tf.stack(others)), [-1]),
            ],
            axis=0,
        )

    flat = of_each(strategy, gradients, pictures, upstream)[0]
    return flat[: pictures.size].reshape(pictures.shape).tolist(), flat[pictures.size :].tolist()


def updated(strategy, clip, gradients_whole, scaled):
    """The variable after one update by gradients that differ between replicas."""
    variable = keras.Variable(np.ones(SIZE, "float32"), name="w")
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=clip)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=4.0)
    optimizer.build([variable])

    def update(rows):
        apply_gradients(optimizer, [tf.reduce_sum(rows, axis=0)], [variable])
        return tf.constant(0)

    of_each(strategy, update, gradients_whole)
    scale = float(optimizer.dynamic_scale.numpy()) if scaled else None
    return variable.numpy().tolist(), scale


def main(replicas):
    strategy = build_strategy("mirrored", replicas=int(replicas))
    rows = np.random.default_rng(0).normal(size=(ROWS, SIZE)).astype("float32")
    pictures = np.random.default_rng(1).uniform(0, 255, (ROWS, 4, 4, 3)).astype("float32")
    broken = rows.copy()
    broken[1] = np.inf
    with strategy.scope():
        gathered = of_each(strategy, gather_rows, rows)
        labels = of_each(strategy, gather_rows, np.arange(ROWS, dtype=np.int32) + 2**24)
        sums = of_each(strategy, lambda part: sum_over_replicas(tf.reduce_sum(part)), rows)
        draws = of_each(
            strategy,
            lambda part: gather_rows(
                draw_for_own_rows(
                    lambda shape: tf.random.stateless_uniform(shape, [1, 2]), tf.shape(part)
                )
            ),
            rows,
        )
        noise = RandomGaussianNoise((1.0, 20.0), probability=0.6)
        noisy = of_each(
            strategy, lambda part: gather_rows(noise.transform(part, tf.constant([3, 4]))), pictures
        )
        layer = FusedBatchNormalization()
        layer.build((None, 4, 4, 3))
        normal = of_each(
            strategy, lambda part: gather_rows(layer(part, training=True)), pictures + 500
        )
        upstream = np.random.default_rng(2).normal(size=pictures.shape).astype("float32")
        through = {
            dtype: normalization_gradients(strategy, dtype, pictures, upstream)
            for dtype in ("float32", "mixed_bfloat16")
        }
        results = {
            "normalization_gradients": through,
            "metrics_in_shares": metrics_in_shares(strategy, rows),
            "losses_in_shares": losses_in_shares(strategy, rows),
            "gathered": [part.tolist() for part in gathered],
            "labels": [part.tolist() for part in labels],
            "sums": [float(part) for part in sums],
            "gradients": [part.tolist() for part in of_each(strategy, gradients_of, rows)],
            "draws": draws[0].tolist(),
            "noisy": noisy[0].tolist(),
            "normalized": normal[0].tolist(),
            "moving": [layer.moving_mean.numpy().tolist(), layer.moving_variance.numpy().tolist()],
            "plain": updated(strategy, None, rows, scaled=False),
            "clipped": updated(strategy, 0.5, rows, scaled=False),
            "scaled": updated(strategy, None, rows, scaled=True),
            "broken": updated(strategy, None, broken, scaled=True),
            "broken_clipped": updated(strategy, 0.5, broken, scaled=True),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
