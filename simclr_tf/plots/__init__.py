"""Plots: arrays in, matplotlib `Axes` out; nothing is shown, no global state is touched.

Every function takes an optional `figure` (of `new_figure`) and draws into that. matplotlib
is imported by the functions, not by this package.
"""

from simclr_tf.plots.before_after import plot_before_after as plot_before_after
from simclr_tf.plots.benchmark import plot_benchmark as plot_benchmark
from simclr_tf.plots.class_bars import plot_class_bars as plot_class_bars
from simclr_tf.plots.class_similarity import plot_class_similarity as plot_class_similarity
from simclr_tf.plots.comparison import plot_comparison as plot_comparison
from simclr_tf.plots.confusion_matrix import plot_confusion_matrix as plot_confusion_matrix
from simclr_tf.plots.curves import plot_curves as plot_curves
from simclr_tf.plots.embedding_map import plot_embedding_maps as plot_embedding_maps
from simclr_tf.plots.figures import new_figure as new_figure
from simclr_tf.plots.figures import save_figure as save_figure
from simclr_tf.plots.label_curve import plot_label_curve as plot_label_curve
from simclr_tf.plots.neighbours import Neighbour as Neighbour
from simclr_tf.plots.neighbours import plot_neighbours as plot_neighbours
from simclr_tf.plots.picture_map import plot_picture_maps as plot_picture_maps
from simclr_tf.plots.similarity_histogram import (
    plot_similarity_histogram as plot_similarity_histogram,
)
from simclr_tf.plots.view_grid import plot_views as plot_views
