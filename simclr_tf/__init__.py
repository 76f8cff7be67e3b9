"""Contrastive learning on your own pictures, with Keras 3 and TensorFlow.

Importing the package is quick: TensorFlow is imported when a name that needs it is used.
"""

from simclr_tf.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "SimCLR": "simclr_tf.training.simclr",
        "Classifier": "simclr_tf.training.classifier",
        "SiameseTriplet": "simclr_tf.training.siamese_triplet",
        "SupConFineTuner": "simclr_tf.training.sup_con_fine_tuner",
        "build_augmenter": "simclr_tf.augment.recipes",
        "build_encoder": "simclr_tf.encoders.build",
        "build_projection_head": "simclr_tf.encoders.projection_head",
        "load_encoder": "simclr_tf.encoders.load",
        "load_pictures": "simclr_tf.data.load",
        "nt_xent": "simclr_tf.losses.nt_xent",
        "extract_features": "simclr_tf.evaluation.features",
        "fit_knn_probe": "simclr_tf.evaluation.knn_probe",
        "fit_linear_probe": "simclr_tf.evaluation.linear_probe",
    },
)
