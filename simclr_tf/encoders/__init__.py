"""Networks from raw pictures to features, and the projection head."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "FusedBatchNormalization": "simclr_tf.encoders.batch_normalization",
        "DTYPE_POLICIES": "simclr_tf.encoders.build",
        "build_encoder": "simclr_tf.encoders.build",
        "ENCODERS": "simclr_tf.encoders.build",
        "uses_float16": "simclr_tf.encoders.build",
        "CaffeScaling": "simclr_tf.encoders.caffe_scaling",
        "Convolution": "simclr_tf.encoders.convolution",
        "EncoderInput": "simclr_tf.encoders.encoder_input",
        "picture_size": "simclr_tf.encoders.encoder_input",
        "encoder_fingerprint": "simclr_tf.encoders.find",
        "encoder_image_size": "simclr_tf.encoders.find",
        "find_encoder": "simclr_tf.encoders.find",
        "LoadedWeights": "simclr_tf.encoders.layer_weights",
        "load_weights_by_layer_name": "simclr_tf.encoders.layer_weights",
        "load_encoder": "simclr_tf.encoders.load",
        "PictureScaling": "simclr_tf.encoders.picture_scaling",
        "assign_weights_by_layer_name": "simclr_tf.encoders.layer_weights",
        "build_projection_head": "simclr_tf.encoders.projection_head",
        "RESNETS": "simclr_tf.encoders.resnet",
        "unfreeze_layers": "simclr_tf.encoders.unfreezing",
    },
)
