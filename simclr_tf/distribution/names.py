"""The names of the strategies, without TensorFlow, so that a script can show its help at once."""

STRATEGIES = ("none", "mirrored", "multi_worker", "tpu")
