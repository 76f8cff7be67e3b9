"""Symbols found on drawings by one or more examples of each."""

from simclr_tf.lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "find_alike": "simclr_tf.detection.alike",
        "Calibration": "simclr_tf.detection.calibration",
        "fit_calibration": "simclr_tf.detection.calibration",
        "DetectionResults": "simclr_tf.detection.detecting",
        "SearchedPage": "simclr_tf.detection.detecting",
        "detect_pages": "simclr_tf.detection.detecting",
        "detection_metrics": "simclr_tf.detection.detecting",
        "SymbolExample": "simclr_tf.detection.example",
        "SymbolGallery": "simclr_tf.detection.gallery",
        "cut_gallery": "simclr_tf.detection.gallery",
        "read_gallery": "simclr_tf.detection.gallery",
        "ink_map": "simclr_tf.detection.ink",
        "DetectorSettings": "simclr_tf.detection.settings",
        "SymbolDetector": "simclr_tf.detection.symbol_detector",
    },
)
