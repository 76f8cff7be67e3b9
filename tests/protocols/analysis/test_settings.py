import pytest

from simclr_tf.protocols import AnalysisSettings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("map_method", "mds", "`map_method` must be one of: t-sne, umap"),
        ("map_pictures", 2, "`map_pictures` must be at least 3"),
        ("perplexity", 0.5, "`perplexity` must be at least 1"),
        ("named_classes", 19, "`named_classes` must be between 1 and 18"),
        ("neighbours", 0, "`neighbours` must be at least 1"),
        ("duplicate_similarity", 1.5, "`duplicate_similarity` must be between -1.0 and 1.0"),
        ("false_accept_rate", 0.0, "`false_accept_rate` must be between 1e-06 and 0.5"),
        ("max_pairs", 99, "`max_pairs` must be at least 100"),
        ("max_queries", 0, "`max_queries` must be at least 1"),
        ("cluster_pictures", 1, "`cluster_pictures` must be at least 2"),
        ("examples", 101, "`examples` must be between 0 and 100"),
        ("resamples", 0, "`resamples` must be at least 1"),
        ("seed", -1, "`seed` must be at least 0"),
    ],
)
def test_what_is_out_of_range_is_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        AnalysisSettings(**{name: value})
