"""Annotated drawings: pictures with labelled boxes, in the formats that people have."""

from simclr_tf.data.drawings.annotated_drawing import AnnotatedDrawing as AnnotatedDrawing
from simclr_tf.data.drawings.annotated_drawing import DrawingSet as DrawingSet
from simclr_tf.data.drawings.annotation_error import AnnotationError as AnnotationError
from simclr_tf.data.drawings.coco import read_coco as read_coco
from simclr_tf.data.drawings.pascal_voc import read_pascal_voc as read_pascal_voc
from simclr_tf.data.drawings.read import read_drawings as read_drawings
from simclr_tf.data.drawings.yolo import read_yolo as read_yolo
