"""Optimizers: LARS, and one builder for all that the scripts offer."""

from simclr_tf.optimizers.build import OPTIMIZERS as OPTIMIZERS
from simclr_tf.optimizers.build import build_optimizer as build_optimizer
from simclr_tf.optimizers.lars import LARS as LARS
from simclr_tf.optimizers.scaled_updates import ScaledUpdates as ScaledUpdates
