"""Whole jobs, from decoded pictures to figures in a run folder."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "EmbeddingSettings": "simclr_tf.protocols.embedding_settings",
        "SearchSettings": "simclr_tf.protocols.embedding_settings",
        "PictureSearch": "simclr_tf.protocols.picture_search",
        "UploadLimits": "simclr_tf.protocols.upload_limits",
        "embed_pictures": "simclr_tf.protocols.embedding",
        "open_picture_search": "simclr_tf.protocols.picture_search_files",
        "retrieve": "simclr_tf.protocols.retrieving",
        "FineTuningSettings": "simclr_tf.protocols.fine_tuning_settings",
        "fine_tune": "simclr_tf.protocols.fine_tuning",
        "start_encoder": "simclr_tf.protocols.fine_tuning_model",
        "ComparisonSettings": "simclr_tf.protocols.settings",
        "LabelBudget": "simclr_tf.protocols.label_budget",
        "PretrainSettings": "simclr_tf.protocols.settings",
        "SupervisedSettings": "simclr_tf.protocols.settings",
        "SplitFeatures": "simclr_tf.protocols.probes",
        "compare": "simclr_tf.protocols.comparison",
        "format_table": "simclr_tf.protocols.comparison_report",
        "knn_probe": "simclr_tf.protocols.probes",
        "linear_probe": "simclr_tf.protocols.probes",
        "pretrain": "simclr_tf.protocols.pretraining",
        "split_features": "simclr_tf.protocols.probes",
        "train_baseline": "simclr_tf.protocols.supervised",
        "train_supervised": "simclr_tf.protocols.supervised",
    },
)
