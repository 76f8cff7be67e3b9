"""Measures: of an embedding without labels while training, of retrieval, and of detection."""

from simclr_tf.metrics.alignment_uniformity import alignment as alignment
from simclr_tf.metrics.alignment_uniformity import uniformity as uniformity
from simclr_tf.metrics.class_similarity import class_similarity as class_similarity
from simclr_tf.metrics.cluster_agreement import cluster_agreement as cluster_agreement
from simclr_tf.metrics.contrastive_accuracy import contrastive_accuracy as contrastive_accuracy
from simclr_tf.metrics.contrastive_accuracy import positive_ranks as positive_ranks
from simclr_tf.metrics.detection import evaluate_detections as evaluate_detections
from simclr_tf.metrics.detection_curve import DetectionCurve as DetectionCurve
from simclr_tf.metrics.detection_curve import OperatingPoint as OperatingPoint
from simclr_tf.metrics.detection_report import DetectionReport as DetectionReport
from simclr_tf.metrics.nearest_label import nearest_label_accuracy as nearest_label_accuracy
from simclr_tf.metrics.pair_similarities import PairSimilarities as PairSimilarities
from simclr_tf.metrics.pair_similarities import pair_similarities as pair_similarities
from simclr_tf.metrics.ranking import average_precision as average_precision
from simclr_tf.metrics.ranking import average_precision_at_r as average_precision_at_r
from simclr_tf.metrics.ranking import ndcg as ndcg
from simclr_tf.metrics.ranking import precision_at_k as precision_at_k
from simclr_tf.metrics.ranking import r_precision as r_precision
from simclr_tf.metrics.ranking import reciprocal_rank as reciprocal_rank
from simclr_tf.metrics.ranking import top_k_accuracy as top_k_accuracy
from simclr_tf.metrics.retrieval import evaluate_retrieval as evaluate_retrieval
from simclr_tf.metrics.retrieval_report import RetrievalReport as RetrievalReport
from simclr_tf.metrics.verification import accept_threshold as accept_threshold
from simclr_tf.metrics.verification import accepted_share as accepted_share
from simclr_tf.metrics.verification import area_under_roc as area_under_roc
