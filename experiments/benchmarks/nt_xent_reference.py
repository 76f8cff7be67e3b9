"""NT-Xent in NumPy, block by block, to hold a loss of any size against."""

from __future__ import annotations

import numpy as np

_BLOCK = 512
_SAMPLED_ROWS = 64


def largest_error(
    z_a: np.ndarray, z_b: np.ndarray, temperature: float, loss: float, gradient: np.ndarray
) -> float:
    """Returns how far a loss and its gradient are from the plain formula.

    Args:
        z_a: projections of the first views, float32 `[N, k]`.
        z_b: of the second views.
        temperature: of the loss.
        loss: the loss to check.
        gradient: its gradient `[2N, k]`, first views, then second views.

    Returns:
        The greater of the loss's relative error and, over a sample of rows, the largest error of
        an entry of the gradient, relative to the sample's largest entry.
    """
    projections = np.concatenate([z_a, z_b])
    lengths = np.linalg.norm(projections.astype(np.float64), axis=1, keepdims=True)
    z = projections / lengths
    log_sums = _log_sums(z, temperature)
    partner = np.roll(np.arange(len(z)), len(z) // 2)
    expected = np.mean(log_sums - np.sum(z * z[partner], axis=1) / temperature)
    rows = np.linspace(0, len(z) - 1, min(_SAMPLED_ROWS, len(z))).astype(int)
    # d loss / d z_i = ( Σ_j (p_ij + p_ji) z_j − 2 z_partner ) / (2N · temperature), j ≠ i
    similarities = z[rows] @ z.T / temperature
    weights = np.exp(similarities - log_sums[rows, None]) + np.exp(similarities - log_sums[None])
    weights[np.arange(len(rows)), rows] = 0
    of_unit = (weights @ z - 2 * z[partner[rows]]) / (len(z) * temperature)
    # Through the normalisation: only the part at right angles to z remains.
    along = np.sum(of_unit * z[rows], axis=1, keepdims=True)
    wanted = (of_unit - along * z[rows]) / lengths[rows]
    off = np.max(np.abs(gradient[rows] - wanted)) / np.max(np.abs(wanted))
    error = max(abs(loss - expected) / abs(expected), off)
    return float(error) if np.isfinite(gradient).all() else float("inf")


def _log_sums(z: np.ndarray, temperature: float) -> np.ndarray:
    """Returns log Σ_{j≠i} exp(z_i·z_j / temperature), float64 `[2N]`."""
    sums = np.empty(len(z))
    for start in range(0, len(z), _BLOCK):
        block = z[start : start + _BLOCK] @ z.T / temperature
        block[np.arange(len(block)), start + np.arange(len(block))] = -np.inf
        peak = block.max(axis=1, keepdims=True)
        sums[start : start + _BLOCK] = np.log(np.exp(block - peak).sum(axis=1)) + peak[:, 0]
    return sums
