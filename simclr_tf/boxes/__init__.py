"""Boxes `[n, 4]`: `[x_min, y_min, x_max, y_max]` in pixels, y down, in plain NumPy."""

from simclr_tf.boxes.detections import Detections as Detections
from simclr_tf.boxes.geometry import box_areas as box_areas
from simclr_tf.boxes.geometry import check_boxes as check_boxes
from simclr_tf.boxes.geometry import clip_boxes as clip_boxes
from simclr_tf.boxes.overlap import best_overlap as best_overlap
from simclr_tf.boxes.overlap import pairwise_iou as pairwise_iou
from simclr_tf.boxes.suppression import non_maximum_suppression as non_maximum_suppression
