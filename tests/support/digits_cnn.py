"""A small convolutional network, trained on scikit-learn's handwritten digits by plain gradient descent in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from support.onnx_builder import build, node

Array = NDArray[np.float64]
TRAINED_ON = 1200
EPOCHS, BATCH, RATE, MOMENTUM = 12, 40, 0.02, 0.9


@dataclass(frozen=True, slots=True)
class Digits:
    """Images (N, 1, 8, 8), 0 to 1, and what they show."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


def digits() -> tuple[Digits, Digits]:
    """Return those to train on and those to test on, shuffled with a seed."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    images = (found.images[order, None] / 16).astype(np.float32)
    labels = found.target[order].astype(np.int64)
    return Digits(images[:TRAINED_ON], labels[:TRAINED_ON]), Digits(images[TRAINED_ON:], labels[TRAINED_ON:])


def windows(fmap: Array, size: int = 3) -> Array:
    """Return all windows (N, E, F, C size size) of a fmap (N, C, H, W)."""
    views = sliding_window_view(fmap, (size, size), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
    return views.reshape(*views.shape[:3], -1)


def convolve(fmap: Array, weights: Array, bias: Array) -> Array:
    """Convolve a padded fmap with filters (M, C, R, S)."""
    return np.moveaxis(windows(fmap, weights.shape[-1]) @ weights.reshape(len(weights), -1).T + bias, -1, 1)


def pad(fmap: Array) -> Array:
    """Put a zero around every fmap."""
    return np.pad(fmap, ((0, 0), (0, 0), (1, 1), (1, 1)))


def max_pool(fmap: NDArray[np.generic]) -> NDArray[np.generic]:
    """Take the largest of each two by two values."""
    images, channels, height, width = fmap.shape
    return fmap.reshape(images, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))


def train(given: Digits) -> dict[str, Array]:
    """Train w1 b1 (8 filters of 3 x 3, padded), w2 b2 (16 of 3 x 3) and, behind a pooling, w3 b3 (10 classes)."""
    draw = np.random.default_rng(1)
    tensors = {
        "w1": draw.normal(0, 0.4, (8, 1, 3, 3)),
        "b1": np.zeros(8),
        "w2": draw.normal(0, 0.15, (16, 8, 3, 3)),
        "b2": np.zeros(16),
        "w3": draw.normal(0, 0.1, (10, 144)),
        "b3": np.zeros(10),
    }
    speed = {name: np.zeros_like(tensor) for name, tensor in tensors.items()}
    for _ in range(EPOCHS):
        order = draw.permutation(len(given.labels))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            found = gradients(tensors, given.images[chosen].astype(np.float64), given.labels[chosen])
            for name, gradient in found.items():
                speed[name] = MOMENTUM * speed[name] - RATE * gradient
                tensors[name] += speed[name]
    return tensors


def gradients(tensors: dict[str, Array], images: Array, labels: NDArray[np.int64]) -> dict[str, Array]:
    """Return the gradients of the cross entropy, the mean of a batch."""
    padded = pad(images)
    first = np.maximum(convolve(padded, tensors["w1"], tensors["b1"]), 0)
    second = np.maximum(convolve(first, tensors["w2"], tensors["b2"]), 0)
    pooled = max_pool(second)
    flat = pooled.reshape(len(images), -1)
    scores = flat @ tensors["w3"].T + tensors["b3"]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = odds / odds.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    spread = (error @ tensors["w3"]).reshape(pooled.shape).repeat(2, axis=2).repeat(2, axis=3)
    taken = pooled.repeat(2, axis=2).repeat(2, axis=3)
    of_second = spread * ((second == taken) & (second > 0))
    columns = np.moveaxis(of_second, 1, -1)
    to_first = np.zeros_like(first)
    back = (columns @ tensors["w2"].reshape(16, -1)).reshape(*columns.shape[:3], 8, 3, 3)
    for i in range(3):
        for j in range(3):
            to_first[:, :, i : i + 6, j : j + 6] += np.moveaxis(back[..., i, j], -1, 1)
    of_first = np.moveaxis(to_first * (first > 0), 1, -1)
    return {
        "w1": np.tensordot(of_first, windows(padded), ((0, 1, 2),) * 2).reshape(tensors["w1"].shape),
        "b1": of_first.sum((0, 1, 2)),
        "w2": np.tensordot(columns, windows(first), ((0, 1, 2),) * 2).reshape(tensors["w2"].shape),
        "b2": columns.sum((0, 1, 2)),
        "w3": error.T @ flat,
        "b3": error.sum(0),
    }


def model_of(tensors: dict[str, Array]) -> onnx.ModelProto:
    """Write the network as ONNX; its batch is free."""
    return build(
        [
            node("Conv", "x w1 b1", "c1", name="conv1", pads=[1, 1, 1, 1]),
            node("Relu", "c1", "r1"),
            node("Conv", "r1 w2 b2", "c2", name="conv2"),
            node("Relu", "c2", "r2"),
            node("MaxPool", "r2", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Flatten", "p", "f"),
            node("Gemm", "f w3 b3", "y", name="fc", transB=1),
        ],
        {name: tensor.astype(np.float32) for name, tensor in tensors.items()},
        {"x": ["N", 1, 8, 8]},
    )
