"""Exact gradients of a loss over a batch whose activations do not fit into memory."""

from __future__ import annotations

import keras
import tensorflow as tf

from simclr_tf.distribution.replicas import replica_count

# Embeddings, what the loss and its parts are, and a gradient for each trainable variable.
Step = tuple[tf.Tensor, dict[str, tf.Tensor], list[tf.Tensor | None]]


def microbatch_gradients(model: keras.Model, views: tf.Tensor, labels: tf.Tensor) -> Step:
    """Computes the gradients of a whole batch with the activations of one micro-batch in memory.

    Every micro-batch is embedded, and only features and embeddings are kept; the loss over the
    whole batch gives its gradients there; every micro-batch is embedded again, and those gradients
    go back through it. It costs one forward pass more. What the first pass changed in encoder
    and head (moving statistics, random generators of dropout) is set back before the second.

    Micro-batch number m has the rows m, m + count, …: both views of a picture, and pictures of
    many classes where those of a class come one after the other, as batch normalisation needs,
    whose statistics are those of a micro-batch.

    Args:
        model: compiled `MetricLearner` with a `microbatch_size`.
        views: `[M, height, width, 3]`, whole sets of views in order.
        labels: int32 `[M]`.

    Returns:
        Embeddings `[M, k]`, the values of `MetricLearner.measure`, and the gradients of the scaled
        loss, one for each of the model's trainable variables in order.

    Raises:
        ValueError: if the micro-batches do not divide the batch, its size is not known, or several
            replicas share it.

    Reference:
        Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited
        Setup", section 3.2.
    """
    if replica_count() > 1:
        raise ValueError(
            "`microbatch_size` of a fine-tuning is for one device. Received: "
            f"microbatch_size={model.microbatch_size}, {replica_count()} replicas"
        )
    parts = [model.encoder, *([] if model.head is None else [model.head])]
    changing = [variable for part in parts for variable in part.non_trainable_variables]
    before = [tf.identity(variable) for variable in changing]
    features, z = embed_in_microbatches(model, views, training=True)
    with tf.GradientTape() as tape:
        tape.watch([features, z])
        values = model.measure(features, z, labels, training=True)
        scaled_loss = model.optimizer.scale_loss(values["loss"])
    found = tape.gradient(scaled_loss, [features, z, *model.trainable_variables])
    for variable, value in zip(changing, before, strict=True):
        variable.assign(value)
    upstream = [
        tf.zeros_like(kept) if gradient is None else gradient
        for kept, gradient in zip((features, z), found[:2], strict=True)
    ]
    embedding = [variable for part in parts for variable in part.trainable_variables]
    totals = iter(_replay(model, views, upstream, embedding))
    # The rest, the classification layer's, does not depend on the activations.
    names = {id(variable) for variable in embedding}
    gradients = [
        next(totals) if id(variable) in names else gradient
        for variable, gradient in zip(model.trainable_variables, found[2:], strict=True)
    ]
    return z, values, gradients


def embed_in_microbatches(
    model: keras.Model, views: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns features `[M, d]` and embeddings `[M, k]` in float32, without activations.

    Args:
        model: `MetricLearner` with a `microbatch_size`.
        views: `[M, height, width, 3]`.
        training: normalise by the statistics of each micro-batch.
    """
    count = _count(model, views)

    def step(number, *kept):
        embedded = _embed(model, views, number, count, training)
        return number + 1, *(
            array.write(number, tf.cast(value, tf.float32))
            for array, value in zip(kept, embedded, strict=True)
        )

    arrays = [tf.TensorArray(tf.float32, count) for _ in range(2)]
    _, *kept = tf.while_loop(
        lambda number, *_: number < count, step, (tf.constant(0), *arrays), parallel_iterations=1
    )
    sizes = (model.encoder.output_shape, (model.head or model.encoder).output_shape)
    return tuple(
        # Row i of micro-batch m is row m + i * count of the batch.
        tf.reshape(tf.transpose(array.stack(), [1, 0, 2]), [views.shape[0], size[-1]])
        for array, size in zip(kept, sizes, strict=True)
    )


def _replay(model, views, upstream, variables):
    """Sums the micro-batches' gradients, given those at features `[M, d]` and at z `[M, k]`."""
    count = _count(model, views)

    def step(number, totals):
        with tf.GradientTape() as tape:
            embedded = _embed(model, views, number, count, training=True)
        gradients = tape.gradient(
            embedded,
            variables,
            output_gradients=[
                tf.cast(gradient[number::count], value.dtype)
                for gradient, value in zip(upstream, embedded, strict=True)
            ],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return number + 1, [a + b for a, b in zip(totals, gradients, strict=True)]

    totals = [tf.zeros(variable.shape, variable.dtype) for variable in variables]
    return tf.while_loop(
        lambda number, _: number < count, step, (tf.constant(0), totals), parallel_iterations=1
    )[1]


def _embed(model, views, number, count, training):
    size = views.shape[0] // count
    part = tf.ensure_shape(views[number::count], (size, *views.shape[1:]))
    features = model.encoder(part, training=training)
    return features, model.project(features, training)


def _count(model, views):
    """Returns how many micro-batches there are, for pictures of `views_per_picture` views."""
    if views.shape[0] is None:
        raise ValueError(
            "`microbatch_size` needs batches of one size, known in tracing (`drop_remainder`). "
            f"Received: views.shape={tuple(views.shape)}"
        )
    pictures = views.shape[0] // model.views_per_picture
    if pictures % model.microbatch_size:
        raise ValueError(
            f"`microbatch_size` must divide the batch. Received: microbatch_size="
            f"{model.microbatch_size}, a batch of {pictures} pictures"
        )
    return pictures // model.microbatch_size
