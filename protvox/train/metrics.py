"""Measures of a classifier, with confidence intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return log probabilities, in double precision.

    Parameters
    ----------
    logits
        ``sample class``.

    Returns
    -------
    ndarray
        ``sample class`` float64.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    normaliser: NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted - normaliser


def classification_summary(
    logits: NDArray[np.floating], labels: NDArray[np.int64]
) -> dict[str, float]:
    """Return the measures of a classifier that a log line shows.

    Parameters
    ----------
    logits
        ``sample class``.
    labels
        ``sample`` int64.

    Returns
    -------
    dict
        ``top1``, ``top3`` (shares in 0..1), ``balanced`` (mean recall of the classes that
        occur), ``nll`` (mean negative log likelihood, nats), ``ece`` (15 bins).
    """
    log_p = log_softmax(logits)
    order = np.argsort(-log_p, axis=1)
    correct = order[:, 0] == labels
    recalls = [correct[labels == label].mean() for label in np.unique(labels)]
    return {
        "top1": float(correct.mean()),
        "top3": float((order[:, :3] == labels[:, None]).any(axis=1).mean()),
        "balanced": float(np.mean(recalls)),
        "nll": float(-log_p[np.arange(len(labels)), labels].mean()),
        "ece": expected_calibration_error(log_p, labels),
    }


def expected_calibration_error(
    log_p: NDArray[np.floating], labels: NDArray[np.int64], bins: int = 15
) -> float:
    """Return the expected calibration error of the top prediction.

    Parameters
    ----------
    log_p
        ``sample class`` log probabilities.
    labels
        ``sample`` int64.
    bins
        Number of equally wide bins of confidence (Guo et al. 2017, equation 3).
    """
    counts, confidence, accuracy = reliability(log_p, labels, bins)
    return float(np.abs(counts * (confidence - accuracy)).sum() / counts.sum())


def reliability(
    log_p: NDArray[np.floating], labels: NDArray[np.int64], bins: int = 15
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Compare how sure the top predictions are with how often they are right.

    Parameters
    ----------
    log_p
        ``sample class`` log probabilities.
    labels
        ``sample`` int64.
    bins
        Number of equally wide bins of confidence.

    Returns
    -------
    counts : ndarray
        ``bin`` int64, predictions in each bin.
    confidence : ndarray
        ``bin`` float64, their mean probability; 0 where a bin is empty.
    accuracy : ndarray
        ``bin`` float64, the share of them that is right; 0 where a bin is empty.
    """
    sure = np.exp(log_p.max(axis=1))
    correct = log_p.argmax(axis=1) == labels
    index = np.minimum((sure * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    divisor = np.maximum(counts, 1)
    confidence = np.bincount(index, weights=sure, minlength=bins) / divisor
    accuracy = np.bincount(index, weights=correct.astype(float), minlength=bins) / divisor
    return counts, confidence, accuracy


def confusion_matrix(
    predicted: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Count how often each class is taken for each other.

    Parameters
    ----------
    predicted
        ``sample`` int64.
    labels
        ``sample`` int64.
    n_classes
        Number of classes.

    Returns
    -------
    ndarray
        ``true predicted`` int64.
    """
    counts = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    matrix: NDArray[np.int64] = counts.reshape(n_classes, n_classes)
    return matrix


def bootstrap_interval(
    values: NDArray[np.floating],
    groups: NDArray[np.int64],
    *,
    repeats: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a 95 % interval of a mean, resampling whole groups.

    Residues of one protein are not independent; drawing proteins instead of residues keeps
    the interval honest (cluster bootstrap).

    Parameters
    ----------
    values
        ``sample``.
    groups
        ``sample`` int64, the protein each sample belongs to.
    repeats
        Number of resamples.
    seed
        Of the random generator.

    Returns
    -------
    low, high : float
        2.5th and 97.5th percentile.
    """
    _, index = np.unique(groups, return_inverse=True)
    sums = np.bincount(index, weights=values)
    counts = np.bincount(index)
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(sums), (repeats, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def balanced_interval(
    correct: NDArray[np.bool_],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    repeats: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a 95 % interval of the balanced accuracy, resampling whole groups.

    Parameters
    ----------
    correct
        ``sample`` bool.
    labels
        ``sample`` int64.
    groups
        ``sample`` int64, the protein or superfamily each sample belongs to.
    repeats
        Number of resamples; a class that one of them misses is excluded from its mean.
    seed
        Of the random generator.

    Returns
    -------
    low, high : float
        2.5th and 97.5th percentile.
    """
    members, row = np.unique(groups, return_inverse=True)
    classes, column = np.unique(labels, return_inverse=True)
    shape = (len(members), len(classes))
    total, right = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (row, column), 1)
    np.add.at(right, (row, column), correct)
    share = np.full(len(members), 1 / len(members))
    draws = np.random.default_rng(seed).multinomial(len(members), share, repeats)
    counts = draws @ total
    recalls = np.divide(draws @ right, counts, out=np.full_like(counts, np.nan), where=counts > 0)
    low, high = np.percentile(np.nanmean(recalls, axis=1), [2.5, 97.5])
    return float(low), float(high)
