"""Losses: a pure function each, the Keras `Loss` a thin wrapper."""

from simclr_tf.losses.n_pairs import NPairs as NPairs
from simclr_tf.losses.n_pairs import n_pairs as n_pairs
from simclr_tf.losses.nt_xent import NTXent as NTXent
from simclr_tf.losses.nt_xent import nt_xent as nt_xent
from simclr_tf.losses.sup_con import SupCon as SupCon
from simclr_tf.losses.sup_con import sup_con as sup_con
from simclr_tf.losses.triplet import Triplet as Triplet
from simclr_tf.losses.triplet import triplet as triplet
