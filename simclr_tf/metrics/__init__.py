"""Measures of an embedding, computed without labels."""

from simclr_tf.metrics.alignment_uniformity import alignment as alignment
from simclr_tf.metrics.alignment_uniformity import uniformity as uniformity
from simclr_tf.metrics.contrastive_accuracy import contrastive_accuracy as contrastive_accuracy
from simclr_tf.metrics.contrastive_accuracy import positive_ranks as positive_ranks
