"""What a frozen encoder is worth: features, probes and honest reports."""

from simclr_tf.evaluation.classification_report import (
    classification_report as classification_report,
)
from simclr_tf.evaluation.cluster_bootstrap import cluster_bootstrap as cluster_bootstrap
from simclr_tf.evaluation.features import FeatureExtractor as FeatureExtractor
from simclr_tf.evaluation.features import extract_features as extract_features
from simclr_tf.evaluation.knn_probe import NEIGHBOURS as NEIGHBOURS
from simclr_tf.evaluation.knn_probe import KNNProbe as KNNProbe
from simclr_tf.evaluation.knn_probe import fit_knn_probe as fit_knn_probe
from simclr_tf.evaluation.knn_probe import knn_predict as knn_predict
from simclr_tf.evaluation.linear_probe import LinearProbe as LinearProbe
from simclr_tf.evaluation.linear_probe import fit_linear_probe as fit_linear_probe
from simclr_tf.evaluation.probe_file import SavedProbe as SavedProbe
from simclr_tf.evaluation.probe_file import read_probe as read_probe
from simclr_tf.evaluation.probe_file import write_probe as write_probe
from simclr_tf.evaluation.statistics import (
    accuracy_difference_bootstrap as accuracy_difference_bootstrap,
)
from simclr_tf.evaluation.statistics import mean_and_std as mean_and_std
from simclr_tf.evaluation.statistics import paired_difference as paired_difference
from simclr_tf.evaluation.statistics import verdict as verdict
