"""Exact gradients of a batch, also of one whose activations do not fit into memory together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from simclr_tf.distribution.batches import check_divisible
from simclr_tf.distribution.replicas import gather_rows, replica_count, take_own_rows
from simclr_tf.training.embedding_model import EmbeddingModel


class StepGradients(NamedTuple):
    """What a training step has computed before the optimizer changes a weight.

    Attributes:
        features: `[V N, d]`.
        z: embeddings `[V N, k]`, of all replicas where they share the batch.
        values: what `measure` gave, float32 scalars.
        gradients: of the scaled loss, one for each of the model's trainable variables in order.
    """

    features: tf.Tensor
    z: tf.Tensor
    values: dict[str, tf.Tensor]
    gradients: list[tf.Tensor | None]


def step_gradients(model: EmbeddingModel, images: tf.Tensor, labels: Any) -> StepGradients:
    """Computes the gradients of a batch, with the activations of one micro-batch in memory.

    Without a `microbatch_size` the whole batch goes through at once. With one:

    1. Every micro-batch is embedded, and only features and embeddings are kept.
    2. The loss over the whole batch gives its gradients there.
    3. Every micro-batch is embedded again, with the same views, and those gradients go back
       through it; the micro-batches' gradients add up to those of the batch.

    It costs one forward pass and one augmentation more. Before the second pass everything that
    the first one changed in encoder and head (moving statistics, random generators of dropout) is
    set back, so that both passes draw alike and the step changes it once a micro-batch.

    Batch normalisation takes its statistics over the views of a micro-batch, in both passes alike.
    The gradient is exact for that network, normalised in parts, and not equal to the one of the
    whole batch, whose statistics are over all views. With group normalisation in the encoder and
    none in the head (or with frozen batch normalisation) there is no difference. A micro-batch has
    pictures from all over the batch: of many classes, where those of a class stand together.

    Where R replicas share the batch they share each micro-batch too: it is of m pictures of all of
    them, normalised together, and each has the activations of m / R in memory.

    Args:
        model: compiled.
        images: uint8 or floating `[N, height, width, 3]`.
        labels: handed to `model.measure`.

    Raises:
        ValueError: if the micro-batches do not divide the batch, the replicas do not divide a
            micro-batch, or there are several of them and the batch's size is not known in tracing.

    Reference:
        Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited
        Setup", section 3.2.
    """
    seed = model.next_seed()
    if model.microbatch_size is not None:
        return _in_microbatches(model, images, labels, seed)
    views = model.views(images, seed)
    with tf.GradientTape() as tape:
        features, z = model.embed(views, training=True)
        everyones, values, scaled_loss = _measure(model, features, z, labels)
    gradients = tape.gradient(scaled_loss, model.trainable_variables)
    return StepGradients(features, everyones, values, gradients)


def embed_pictures(
    model: EmbeddingModel, images: tf.Tensor, seed: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns features `[V N, d]` and embeddings `[V N, k]` of views, without their activations.

    Args:
        model: with a `microbatch_size` it gets one micro-batch after the other.
        images: uint8 or floating `[N, height, width, 3]`.
        seed: int32 `[2]`; micro-batch number m draws its views from `fold_in(seed, m)`.
        training: normalise by the statistics of each micro-batch.

    Raises:
        ValueError: as `step_gradients`.
    """
    if model.microbatch_size is None:
        return model.embed(model.views(images, seed), training=training)
    return _Microbatches(model, images, seed, model.microbatch_size).embed_all(training)


def _in_microbatches(model, images, labels, seed) -> StepGradients:
    networks = [model.encoder] if model.head is None else [model.encoder, model.head]
    changing = [variable for part in networks for variable in part.non_trainable_variables]
    before = [tf.identity(variable) for variable in changing]
    parts = _Microbatches(model, images, seed, model.microbatch_size)
    kept = parts.embed_all(training=True)
    with tf.GradientTape() as tape:
        tape.watch(kept)
        everyones, values, scaled_loss = _measure(model, *kept, labels)
    found = tape.gradient(scaled_loss, [*kept, *model.trainable_variables])
    for variable, value in zip(changing, before, strict=True):
        variable.assign(value)
    upstream = [
        tf.zeros_like(value) if gradient is None else gradient
        for value, gradient in zip(kept, found[:2], strict=True)
    ]
    embedding = [variable for part in networks for variable in part.trainable_variables]
    totals = iter(parts.replay(upstream, embedding))
    # The rest, of a probe or a classifier, does not depend on the activations.
    names = {id(variable) for variable in embedding}
    gradients = [
        next(totals) if id(variable) in names else gradient
        for variable, gradient in zip(model.trainable_variables, found[2:], strict=True)
    ]
    with tf.control_dependencies([gradient for gradient in gradients if gradient is not None]):
        # Whatever is measured by them waits until the activations are gone.
        return StepGradients(tf.identity(kept[0]), tf.identity(everyones), values, gradients)


def _measure(model, features, z, labels):
    """Everyone's embeddings, the values of the loss, and what the gradients are of."""
    everyones = gather_rows(z)
    values = model.measure(features, everyones, labels, training=True)
    return everyones, values, model.optimizer.scale_loss(model.own_loss(values))


class _Microbatches:
    """The `count` micro-batches of S pictures of a batch; of each this replica has its share.

    Place b of micro-batch m is row S a + b of the batch, where a = (m + c) mod count and c is b,
    or b count / S if that is more, so that few places reach through the whole batch. Every row has
    one place. Row and place leave the same remainder by the number R of replicas, which divides S:
    row i of replica r has place i R + r here, as the draws and the order of gathered rows need.
    """

    def __init__(self, model, images, seed, microbatch_size: int) -> None:
        replicas = replica_count()
        check_divisible("microbatch_size", microbatch_size, replicas)
        self.model, self.images, self.seed = model, images, seed
        self.size = microbatch_size // replicas
        self.count = _count(images, microbatch_size, replicas)
        places = tf.reshape(take_own_rows(tf.range(microbatch_size)), [self.size])
        shifts = places * tf.maximum(self.count, microbatch_size) // microbatch_size
        parts = (tf.range(self.count)[:, None] + shifts) % self.count
        # This replica's rows of each: `[count, S / R]`.
        self.rows = parts * self.size + tf.range(self.size)

    def embed_all(self, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns what `embed_pictures` does."""

        def step(number, kept):
            embedded = self._embed(number, training)
            return [
                array.write(number, tf.cast(value, tf.float32))
                for array, value in zip(kept, embedded, strict=True)
            ]

        networks = (self.model.encoder, self.model.head or self.model.encoder)
        shapes = [(None, network.output_shape[-1]) for network in networks]
        arrays = [tf.TensorArray(tf.float32, self.count, element_shape=shape) for shape in shapes]
        features, z = (self._in_order(array.stack()) for array in self._one_by_one(step, arrays))
        return features, z

    def replay(self, upstream: list[tf.Tensor], variables: list) -> list[tf.Tensor]:
        """Sums the gradients, given those at features `[V N, d]` and embeddings `[V N, k]`."""

        def step(number, totals):
            with tf.GradientTape() as tape:
                embedded = self._embed(number, training=True)
            gradients = tape.gradient(
                embedded,
                variables,
                output_gradients=[
                    tf.cast(self._rows_of(gradient, number), value.dtype)
                    for gradient, value in zip(upstream, embedded, strict=True)
                ],
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            )
            return [a + b for a, b in zip(totals, gradients, strict=True)]

        return self._one_by_one(step, [tf.zeros(each.shape, each.dtype) for each in variables])

    def _embed(self, number, training):
        pictures = tf.gather(self.images, self.rows[number])
        views = self.model.views(pictures, tf.random.fold_in(self.seed, number))
        return self.model.embed(views, training=training)

    def _one_by_one(self, step: Callable[[Any, list], list], state: list) -> list:
        """Returns the state after `state = step(number, state)` for every micro-batch."""
        if replica_count() == 1:
            return tf.while_loop(
                lambda number, _: number < self.count,
                lambda number, state: (number + 1, step(number, state)),
                (tf.constant(0), state),
                parallel_iterations=1,
            )[1]
        # Replicas cannot exchange statistics within a loop of the graph, so it is written out.
        for number in range(self.count):
            done = [each.flow if isinstance(each, tf.TensorArray) else each for each in state]
            with tf.control_dependencies(done):
                state = step(number, state)
        return state

    def _rows_of(self, z, number):
        """From `[V N, k]` to the rows `[V S / R, k]` of one micro-batch."""
        by_view = tf.reshape(z, [self.model.views_per_picture, -1, z.shape[-1]])
        return tf.reshape(tf.gather(by_view, self.rows[number], axis=1), [-1, z.shape[-1]])

    def _in_order(self, z):
        """From `[count, V S / R, k]` to `[V N, k]`, as the batch has them."""
        views, batch, size = self.model.views_per_picture, self.images.shape[0], z.shape[-1]
        by_view = tf.transpose(tf.reshape(z, [-1, views, self.size, size]), [1, 0, 2, 3])
        places = tf.math.invert_permutation(tf.reshape(self.rows, [-1]))
        in_order = tf.gather(tf.reshape(by_view, [views, -1, size]), places, axis=1)
        # The loss chooses its program by the number of rows, if tracing knows it.
        return tf.reshape(in_order, [-1 if batch is None else views * batch, size])


def _count(images, microbatch_size, replicas):
    """How many micro-batches there are, an `int` where tracing knows the batch."""
    batch = images.shape[0]
    message = f"`microbatch_size` must divide the batch. Received: {microbatch_size=}"
    if batch is not None and batch * replicas % microbatch_size:
        raise ValueError(f"{message}, a batch of {batch * replicas} pictures")
    if batch is None and replicas > 1:
        raise ValueError(
            "`microbatch_size` needs batches of one size, known in tracing (`drop_remainder`), "
            f"where replicas share them. Received: images.shape={tuple(images.shape)}"
        )
    if batch is None:
        batch = tf.shape(images)[0]
        tf.debugging.assert_equal(batch % microbatch_size, 0, message)
    return batch * replicas // microbatch_size
