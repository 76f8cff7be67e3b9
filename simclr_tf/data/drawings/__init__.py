"""Annotated drawings: pictures with labelled boxes, in the formats that people have."""

from simclr_tf.data.drawings.annotated_drawing import AnnotatedDrawing as AnnotatedDrawing
from simclr_tf.data.drawings.annotated_drawing import DrawingSet as DrawingSet
from simclr_tf.data.drawings.annotation_error import AnnotationError as AnnotationError
from simclr_tf.data.drawings.coco import read_coco as read_coco
from simclr_tf.data.drawings.crop_folder import CropReport as CropReport
from simclr_tf.data.drawings.crop_folder import write_crops as write_crops
from simclr_tf.data.drawings.crop_settings import CropSettings as CropSettings
from simclr_tf.data.drawings.crops import Crop as Crop
from simclr_tf.data.drawings.crops import PageCrops as PageCrops
from simclr_tf.data.drawings.crops import cut_page as cut_page
from simclr_tf.data.drawings.crops import drawing_pages as drawing_pages
from simclr_tf.data.drawings.crops import read_page as read_page
from simclr_tf.data.drawings.hard_negatives import HardNegativeReport as HardNegativeReport
from simclr_tf.data.drawings.hard_negatives import HardNegativeSettings as HardNegativeSettings
from simclr_tf.data.drawings.hard_negatives import find_false_alarms as find_false_alarms
from simclr_tf.data.drawings.hard_negatives import write_hard_negatives as write_hard_negatives
from simclr_tf.data.drawings.pascal_voc import read_pascal_voc as read_pascal_voc
from simclr_tf.data.drawings.read import read_drawings as read_drawings
from simclr_tf.data.drawings.yolo import read_yolo as read_yolo
