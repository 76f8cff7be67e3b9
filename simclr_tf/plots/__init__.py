"""Plots: arrays in, matplotlib `Axes` out; nothing is shown, no global state is touched.

Every function takes an optional `figure` (of `new_figure`) and draws into that. matplotlib
is imported by the functions, not by this package.
"""

from simclr_tf.plots.before_after import plot_before_after as plot_before_after
from simclr_tf.plots.benchmark import plot_benchmark as plot_benchmark
from simclr_tf.plots.comparison import plot_comparison as plot_comparison
from simclr_tf.plots.confusion_matrix import plot_confusion_matrix as plot_confusion_matrix
from simclr_tf.plots.curves import plot_curves as plot_curves
from simclr_tf.plots.figures import new_figure as new_figure
from simclr_tf.plots.figures import save_figure as save_figure
from simclr_tf.plots.label_curve import plot_label_curve as plot_label_curve
from simclr_tf.plots.neighbours import Neighbour as Neighbour
from simclr_tf.plots.neighbours import plot_neighbours as plot_neighbours
from simclr_tf.plots.view_grid import plot_views as plot_views
