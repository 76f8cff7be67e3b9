"""Writes retrieval.json: what pytorch-metric-learning measures on seeded arrays.

Run once in an environment of its own with numpy, torch, faiss-cpu and
pytorch-metric-learning:

    python tests/parity/make_retrieval.py
"""

import importlib.metadata
import json
import pathlib

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

MEASURES = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
# seed, classes, pictures, spread within a class; the third has lone classes.
CASES = ((0, 5, 200, 1.0), (1, 20, 300, 2.0), (2, 60, 90, 1.5), (3, 3, 50, 0.1))


def measured(seed, classes, pictures, spread, average):
    """Returns one case: its numbers are drawn exactly as tests/metrics/test_retrieval.py does."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(classes, 16))
    labels = generator.integers(0, classes, pictures)
    vectors = centres[labels] + spread * generator.normal(size=(len(labels), 16))
    calculator = AccuracyCalculator(
        include=MEASURES,
        k="max_bin_count",
        avg_of_avgs=average == "macro",
        device=torch.device("cpu"),
        knn_func=CustomKNN(CosineSimilarity()),
    )
    embeddings, targets = torch.tensor(vectors), torch.tensor(labels)
    accuracy = calculator.get_accuracy(embeddings, targets)
    case = {"seed": seed, "classes": classes, "pictures": pictures, "spread": spread}
    return {**case, "average": average, **{name: float(accuracy[name]) for name in MEASURES}}


def main():
    """Measures every case with both averages."""
    packages = ("pytorch-metric-learning", "torch", "numpy")
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "cases": [measured(*case, average) for case in CASES for average in ("micro", "macro")],
    }
    path = pathlib.Path(__file__).with_name("retrieval.json")
    path.write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
