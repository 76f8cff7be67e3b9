"""Exact gradients of a batch whose activations do not fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from simclr_tf.distribution.batches import check_divisible
from simclr_tf.distribution.replicas import gather_rows, replica_count


class StepGradients(NamedTuple):
    """What a training step has computed before the optimizer changes a weight.

    Attributes:
        features: float32 `[2N, d]`.
        projections: float32 `[2N, k]`, of all replicas where they share the batch.
        loss: contrastive loss, a float32 scalar.
        gradients: of the scaled loss, one for each of the model's trainable variables in order.
    """

    features: tf.Tensor
    projections: tf.Tensor
    loss: tf.Tensor
    gradients: list[tf.Tensor | None]


def cached_gradients(
    model: keras.Model, images: tf.Tensor, labels: tf.Tensor | None
) -> StepGradients:
    """Computes the gradients of a whole batch with the activations of one micro-batch in memory.

    1. Every micro-batch is embedded, and only features and projections are kept.
    2. The loss over the whole batch gives its gradient at the projections.
    3. Every micro-batch is embedded again, with the same views, and that gradient goes back
       through it; the micro-batches' gradients add up to those of the batch.

    It costs one forward pass and one augmentation more. Before the second pass everything that
    the first one changed in encoder and head (moving statistics, random generators of dropout) is
    set back, so that both passes draw alike and the step changes it once a micro-batch.

    Batch normalisation takes its statistics over the 2m views of a micro-batch of m pictures, in
    both passes alike. The gradient is exact for that network, normalised in parts, and not equal to
    the one of the whole batch, whose statistics are over 2N views. With group normalisation in the
    encoder and none in the head (or with frozen batch normalisation) there is no difference.

    Where R replicas share the batch they share each micro-batch too: it is of m pictures of all of
    them, normalised together, and each has the activations of m / R in memory.

    Args:
        model: compiled `SimCLR` with a `microbatch_size`.
        images: uint8 or floating `[N, height, width, 3]`.
        labels: int32 `[N]`, or `None`.

    Raises:
        ValueError: if the micro-batches do not divide the batch, or the replicas a micro-batch.

    Reference:
        Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited
        Setup", section 3.2.
    """
    seed = model.augmenter.next_seed()
    changing = model.encoder.non_trainable_variables + model.projection_head.non_trainable_variables
    before = [tf.identity(variable) for variable in changing]
    features, projections = embed_in_microbatches(model, images, seed, training=True)
    with tf.GradientTape() as tape:
        tape.watch(projections)
        everyones = gather_rows(projections)
        losses = model.compute_losses(features, everyones, labels)
        scaled_loss = model.scaled_loss(losses)
    found = tape.gradient(scaled_loss, [projections, *model.trainable_variables])
    for variable, value in zip(changing, before, strict=True):
        variable.assign(value)
    embedding = _embedding_variables(model)
    totals = iter(_replay(model, images, seed, found[0], embedding))
    # The rest, the online probe's, does not depend on the embedding's activations.
    names = {id(variable) for variable in embedding}
    gradients = [
        next(totals) if id(variable) in names else gradient
        for variable, gradient in zip(model.trainable_variables, found[1:], strict=True)
    ]
    with tf.control_dependencies([gradient for gradient in gradients if gradient is not None]):
        # Whatever is measured by them waits until the activations are gone.
        features, everyones = tf.identity(features), tf.identity(everyones)
    return StepGradients(features, everyones, losses["loss"], gradients)


def embed_in_microbatches(
    model: keras.Model, images: tf.Tensor, seed: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns features `[2N, d]` and projections `[2N, k]` of two views, without activations.

    Args:
        model: `SimCLR` with a `microbatch_size`.
        images: uint8 or floating `[N, height, width, 3]`.
        seed: int32 `[2]`; micro-batch number m draws its views from `fold_in(seed, m)`.
        training: normalise by the statistics of each micro-batch.

    Raises:
        ValueError: if the micro-batches do not divide the batch.
    """
    count = _count_microbatches(images, _own_size(model))

    def step(number, kept):
        embedded = _embed_microbatch(model, images, seed, number, training)
        return [
            array.write(number, tf.cast(z, tf.float32))
            for array, z in zip(kept, embedded, strict=True)
        ]

    sizes = (model.encoder.output_shape[-1], model.projection_head.output_shape[-1])
    arrays = [tf.TensorArray(tf.float32, count, element_shape=(None, size)) for size in sizes]
    kept = _one_after_the_other(count, step, arrays)
    features, projections = (_views_in_order(array.stack(), images.shape[0]) for array in kept)
    return features, projections


def _replay(model, images, seed, upstream, variables):
    """Sums the micro-batches' gradients, given the gradient `[2N, k]` at the projections."""
    count = _count_microbatches(images, _own_size(model))
    upstream = _microbatches_in_order(upstream, count)

    def step(number, totals):
        with tf.GradientTape() as tape:
            _, projections = _embed_microbatch(model, images, seed, number, training=True)
        gradients = tape.gradient(
            projections,
            variables,
            output_gradients=tf.cast(upstream[number], projections.dtype),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [a + b for a, b in zip(totals, gradients, strict=True)]

    totals = [tf.zeros(variable.shape, variable.dtype) for variable in variables]
    return _one_after_the_other(count, step, totals)


def _one_after_the_other(count: Any, step: Callable[[Any, list], list], state: list) -> list:
    """Returns the state after `state = step(number, state)` for every micro-batch."""
    if replica_count() == 1:
        return tf.while_loop(
            lambda number, _: number < count,
            lambda number, state: (number + 1, step(number, state)),
            (tf.constant(0), state),
            parallel_iterations=1,
        )[1]
    # Replicas cannot exchange statistics within a loop of the graph, so it is written out.
    for number in range(count):
        with tf.control_dependencies(_tensors(state)):
            state = step(number, state)
    return state


def _tensors(state):
    return [part.flow if isinstance(part, tf.TensorArray) else part for part in state]


def _own_size(model):
    """Pictures of a micro-batch that are this replica's."""
    replicas = replica_count()
    check_divisible("microbatch_size", model.microbatch_size, replicas)
    return model.microbatch_size // replicas


def _embedding_variables(model):
    return model.encoder.trainable_variables + model.projection_head.trainable_variables


def _embed_microbatch(model, images, seed, number, training):
    size = _own_size(model)
    pictures = tf.ensure_shape(
        images[number * size : (number + 1) * size], (size, *images.shape[1:])
    )
    views = model.augmenter.two_views(pictures, seed=tf.random.fold_in(seed, number))
    return model.embed(views, training=training)


def _count_microbatches(images, size):
    """Returns how many there are; Python's whole number where the batch is known in tracing."""
    batch = images.shape[0]
    message = "`microbatch_size` must divide the batch. Received: "
    if batch is not None and batch % size:
        raise ValueError(f"{message}microbatch_size={size}, a batch of {batch} pictures")
    if batch is None:
        batch = tf.shape(images)[0]
        tf.debugging.assert_equal(batch % size, 0, f"{message}microbatch_size={size}")
    return batch // size


def _views_in_order(z, batch):
    """From `[count, 2m, k]`, both views of each micro-batch, to `[2N, k]`, both of the batch."""
    count, size = tf.shape(z)[0], z.shape[2]
    by_view = tf.transpose(tf.reshape(z, [count, 2, -1, size]), [1, 0, 2, 3])
    # The loss chooses its program by the number of rows, if tracing knows it.
    return tf.reshape(by_view, [-1 if batch is None else 2 * batch, size])


def _microbatches_in_order(z, count):
    """The way back: from `[2N, k]` to `[count, 2m, k]`."""
    size = z.shape[1]
    by_view = tf.transpose(tf.reshape(z, [2, count, -1, size]), [1, 0, 2, 3])
    return tf.reshape(by_view, [count, -1, size])
