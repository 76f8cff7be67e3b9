"""Networks from raw pictures to features, and the projection head."""

from simclr_tf.encoders.batch_normalization import (
    FusedBatchNormalization as FusedBatchNormalization,
)
from simclr_tf.encoders.build import DTYPE_POLICIES as DTYPE_POLICIES
from simclr_tf.encoders.build import build_encoder as build_encoder
from simclr_tf.encoders.build import uses_float16 as uses_float16
from simclr_tf.encoders.convolution import Convolution as Convolution
from simclr_tf.encoders.load import find_encoder as find_encoder
from simclr_tf.encoders.load import load_encoder as load_encoder
from simclr_tf.encoders.picture_scaling import PictureScaling as PictureScaling
from simclr_tf.encoders.picture_scaling import picture_size as picture_size
from simclr_tf.encoders.projection_head import build_projection_head as build_projection_head
from simclr_tf.encoders.resnet import RESNETS as RESNETS
