"""Trained encoders to models that run without this package."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "ExportSettings": "simclr_tf.export.settings",
        "ClassifierHead": "simclr_tf.export.classifier_head",
        "read_classifier_head": "simclr_tf.export.classifier_head",
        "export_encoder": "simclr_tf.export.exporting",
        "ExportReport": "simclr_tf.export.exporting",
        "SamplePictures": "simclr_tf.export.exporting",
    },
)
