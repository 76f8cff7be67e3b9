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
        "BuiltEncoder": "simclr_tf.encoders.built_encoder",
        "CaffeScaling": "simclr_tf.encoders.caffe_scaling",
        "Convolution": "simclr_tf.encoders.convolution",
        "EncoderInput": "simclr_tf.encoders.encoder_input",
        "picture_size": "simclr_tf.encoders.encoder_input",
        "encoder_fingerprint": "simclr_tf.encoders.find",
        "encoder_image_size": "simclr_tf.encoders.find",
        "find_encoder": "simclr_tf.encoders.find",
        "FrozenEncoder": "simclr_tf.encoders.frozen.frozen_encoder",
        "ModelFile": "simclr_tf.encoders.frozen.model_file",
        "FrozenOptions": "simclr_tf.encoders.frozen.options",
        "LoadedWeights": "simclr_tf.encoders.layer_weights",
        "load_weights_by_layer_name": "simclr_tf.encoders.layer_weights",
        "load_encoder": "simclr_tf.encoders.load",
        "MODEL_TYPES": "simclr_tf.encoders.model_types",
        "encoder_of_type": "simclr_tf.encoders.model_types",
        "PictureScaling": "simclr_tf.encoders.picture_scaling",
        "Pixels": "simclr_tf.encoders.pixels",
        "build_projection_head": "simclr_tf.encoders.projection_head",
        "RESNETS": "simclr_tf.encoders.resnet",
        "EncoderSource": "simclr_tf.encoders.source",
        "TrainedEncoder": "simclr_tf.encoders.source",
        "encoder_source": "simclr_tf.encoders.source",
        "unfreeze_layers": "simclr_tf.encoders.unfreezing",
    },
)
