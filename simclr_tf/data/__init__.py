"""Pictures from folders and data sets to batches of uint8."""

from simclr_tf.data.class_batches import class_batches as class_batches
from simclr_tf.data.class_batches import class_rows as class_rows
from simclr_tf.data.decode import UnreadablePicture as UnreadablePicture
from simclr_tf.data.decode import decode_picture as decode_picture
from simclr_tf.data.drawings import AnnotatedDrawing as AnnotatedDrawing
from simclr_tf.data.drawings import AnnotationError as AnnotationError
from simclr_tf.data.drawings import DrawingSet as DrawingSet
from simclr_tf.data.drawings import read_coco as read_coco
from simclr_tf.data.drawings import read_drawings as read_drawings
from simclr_tf.data.drawings import read_pascal_voc as read_pascal_voc
from simclr_tf.data.drawings import read_yolo as read_yolo
from simclr_tf.data.labels import choose_classes as choose_classes
from simclr_tf.data.labels import choose_labels as choose_labels
from simclr_tf.data.load import index_pictures as index_pictures
from simclr_tf.data.load import load_pictures as load_pictures
from simclr_tf.data.picture_index import PictureIndex as PictureIndex
from simclr_tf.data.picture_set import PictureSet as PictureSet
from simclr_tf.data.picture_set import PictureSplits as PictureSplits
from simclr_tf.data.picture_set import SkippedPicture as SkippedPicture
from simclr_tf.data.pipeline import evaluation_batches as evaluation_batches
from simclr_tf.data.pipeline import steps_per_epoch as steps_per_epoch
from simclr_tf.data.pipeline import training_batches as training_batches
from simclr_tf.data.pipeline import training_rows as training_rows
from simclr_tf.data.sharded_pictures import Pictures as Pictures
from simclr_tf.data.sharded_pictures import ShardedPictures as ShardedPictures
from simclr_tf.data.single_picture import index_picture as index_picture
