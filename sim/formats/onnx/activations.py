"""Tensors of a network's own values: the graph is run on images, and what each layer reads and makes becomes words.

The graph runs twice: once for the ranges of all values, which set every tensor's power of two and each layer's window
(see fixed_point), then for the words themselves, so that no more than one batch of real numbers is held at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chips.contract import Job
from sim.errors import InputError
from sim.files.text import shown_path
from sim.formats.onnx.fixed_point import LayerFormat, fit, fit_layer
from sim.formats.onnx.images import Images, read_images
from sim.formats.onnx.layouts import constant_names, laid_out_ofmap, ofmap_name, scaled_filters, stored_ifmap
from sim.formats.onnx.network import OnnxNetwork
from sim.formats.onnx.operators import images_of
from sim.formats.onnx.session import Session
from sim.networks.drawn_tensors import place_stored
from sim.networks.layer import Layer

Array = NDArray[Any]
Words = NDArray[np.int16]
LEAST_BITS, MOST_BITS = 2, 16


@dataclass(frozen=True, slots=True)
class LayerTensors:
    """A layer's words: ifmap (N, G C, H, W) padded and trimmed, and ofmap (N, G M, E, F) before ReLU.

    `filters` (G M, C, R, S) and `biases` (G M), in the psums' form, have taken up the scalings behind the layer.
    """

    ifmap: Words
    ofmap: Words
    filters: Words
    biases: Words
    formats: LayerFormat


@dataclass(frozen=True, slots=True)
class Activations:
    """The tensors of layers by name, for `images` images; `source` is their file, `runtime` what ran the graph."""

    source: str
    runtime: str
    images: int
    tensors: Mapping[str, LayerTensors]

    def give(self, job: Job[Any]) -> Job[Any]:
        """Hand a job its layer's tensors and window."""
        found = self.tensors[job.layer.name]
        return replace(
            job,
            ifmap=found.ifmap,
            ofmap=found.ofmap,
            filters=found.filters,
            window=found.formats.window,
            biases=found.biases,
        )

    def with_zeros(self, layer: Layer) -> Layer:
        """Hand a layer the zero fractions of its words; those of padding don't count."""
        found = self.tensors[layer.name]
        top, left = layer.padding.top, layer.padding.left
        stored = found.ifmap[:, :, top : top + layer.stored_height, left : left + layer.stored_width]
        ofmap = np.count_nonzero(found.ofmap > 0 if layer.relu else found.ofmap)
        return replace(
            layer,
            ifmap_zeros=1 - np.count_nonzero(stored) / stored.size,
            ofmap_zeros=1 - int(ofmap) / found.ofmap.size,
            filter_zeros=1 - np.count_nonzero(found.filters) / found.filters.size,
        )

    def notes(self) -> list[str]:
        """State where the tensors come from in lines for people."""
        images = f"{self.images} image{'' if self.images == 1 else 's'}"
        widths = sorted({(f.ifmap.bits, f.filter.bits, f.psum.bits) for f in self._formats()})
        shown = ", ".join("ifmap {} b, filter {} b, psum {} b".format(*one) for one in widths)
        return [
            f"tensors: the network's own values for {images} of {self.source}, by {self.runtime}, in fixed point "
            f"({shown}); every tensor's power of two and each layer's window chosen from its range; zeros as they are"
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {
            "inputs": self.source,
            "images": self.images,
            "runtime": self.runtime,
            "fraction_bits": {name: found.formats.as_dict() for name, found in self.tensors.items()},
        }

    def _formats(self) -> list[LayerFormat]:
        return [found.formats for found in self.tensors.values()]


def read_activations(
    path: Path | str, network: OnnxNetwork, images: Path | str, layers: Sequence[Layer], *, batch: int | None = None
) -> Activations:
    """Run a model on the first `batch` images of a file, all by default; give the tensors of `layers`.

    Raises InputError for images that don't fit the model or are fewer than `batch`, for a model that can't be run, and
    for values that are not finite.
    """
    for layer in layers:
        _check_bits(layer)
    recorder = _Recorder(path, network, layers)
    given = read_images(images, recorder.session.inputs)
    each = images_of(network.graph)
    count = given.rounds * each if batch is None else batch
    if count > given.rounds * each:
        allowed = f"{shown_path(images)} has {given.rounds * each}"
        raise InputError.located("--batch", wrong=f"{count} images are wanted", allowed=allowed)
    tensors = recorder.record(given, count, each)
    return Activations(shown_path(images), recorder.session.version, count, tensors)


def _check_bits(layer: Layer) -> None:
    for name in ("ifmap", "filter", "psum"):
        bits = getattr(layer.bits, name)
        if not LEAST_BITS <= bits <= MOST_BITS:
            wrong, allowed = f"{bits} b", f"tensors of values have {LEAST_BITS} to {MOST_BITS}"
            raise InputError.located(f"layer {layer.name}", ["bits", name], wrong=wrong, allowed=allowed)


class _Recorder:
    """A run of a graph that takes down what some of its layers read and make."""

    def __init__(self, path: Path | str, network: OnnxNetwork, layers: Sequence[Layer]) -> None:
        self._place = shown_path(path)
        self._layers = {layer.name: layer for layer in layers}
        self._sources = {name: network.sources[name] for name in self._layers}
        self._constants = [name for source in self._sources.values() for name in constant_names(source)]
        self._fmaps = [
            name for source in self._sources.values() for name in (source.operator.ifmap, ofmap_name(source))
        ]
        self.session = Session(path, network.graph, self._constants + self._fmaps)

    def record(self, images: Images, count: int, each: int) -> dict[str, LayerTensors]:
        """Return the words of `count` images, of which the graph takes `each` at a time."""
        rounds = -(-count // each)
        filters = self._filters(next(images.batches(1)))
        largest = self._ranges(images, rounds, {name: biases for name, (_, biases) in filters.items()})
        tensors = {}
        for name, layer in self._layers.items():
            weights, biases = filters[name]
            formats = self._formats(layer, weights, *largest[name])
            words = formats.filter.words(weights), formats.psum.words(biases)
            tensors[name] = _blank(layer, count, words, formats)
        for number, batch in enumerate(images.batches(rounds)):
            found = self.session.run(self._fmaps, batch)
            for name, blank in tensors.items():
                ifmap, ofmap = self._laid_out(name, found)
                part = slice(number * each, min(count, (number + 1) * each))
                place_stored(self._layers[name], blank.formats.ifmap.words(ifmap), blank.ifmap[part])
                blank.ofmap[part] = blank.formats.psum.words(ofmap)[: part.stop - part.start]
        return tensors

    def _filters(self, batch: Mapping[str, Array]) -> dict[str, tuple[Array, Array]]:
        """Return each layer's filters and biases."""
        constants = self.session.run(self._constants, batch)
        return {
            name: scaled_filters(self._sources[name], layer.shape, constants) for name, layer in self._layers.items()
        }

    def _ranges(self, images: Images, rounds: int, biases: Mapping[str, Array]) -> dict[str, tuple[float, float]]:
        """Return each layer's largest ifmap value and psum, without its bias or with it, in magnitude."""
        ranges = dict.fromkeys(self._layers, (0.0, 0.0))
        for batch in images.batches(rounds):
            found = self.session.run(self._fmaps, batch)
            for name, (most, most_psum) in ranges.items():
                ifmap, ofmap = self._laid_out(name, found)
                products = ofmap - biases[name][:, None, None]
                ranges[name] = (
                    max(most, self._largest(name, "ifmap", ifmap)),
                    max(most_psum, self._largest(name, "ofmap", ofmap), self._largest(name, "ofmap", products)),
                )
        return ranges

    def _formats(self, layer: Layer, filters: Array, ifmap: float, psum: float) -> LayerFormat:
        """Choose a layer's fixed point from the largest values."""
        return fit_layer(
            fit(ifmap, layer.bits.ifmap),
            fit(self._largest(layer.name, "filter", filters), layer.bits.filter),
            largest_psum=psum,
            psum_bits=layer.bits.psum,
        )

    def _laid_out(self, name: str, found: Mapping[str, Array]) -> tuple[Array, Array]:
        """Hand a layer's stored ifmap (N, G C, h, w) and its ofmap (N, G M, E, F)."""
        layer, source = self._layers[name], self._sources[name]
        stored = layer.shape.G * layer.shape.C, layer.stored_height, layer.stored_width
        ofmap = laid_out_ofmap(source.operator, found[ofmap_name(source)], layer.shape)
        return stored_ifmap(source.operator, found[source.operator.ifmap], stored), ofmap

    def _largest(self, name: str, what: str, values: Array) -> float:
        """Return the largest magnitude. Raises InputError for values that are not finite."""
        largest = float(np.abs(values).max())
        if not math.isfinite(largest):
            wrong, allowed = f"a value of its {what} is not finite", "the images or the weights are out of range"
            raise InputError.located(f"{self._place}: layer {name}", wrong=wrong, allowed=allowed)
        return largest


def _blank(layer: Layer, images: int, weights: tuple[Words, Words], formats: LayerFormat) -> LayerTensors:
    """Make room for a layer's fmaps beside its filters and biases: zeros, which is what padding holds."""
    shape = layer.shape
    ifmap = np.zeros((images, shape.G * shape.C, shape.H, shape.W), np.int16)
    ofmap = np.zeros((images, shape.G * shape.M, shape.E, shape.F), np.int16)
    return LayerTensors(ifmap, ofmap, *weights, formats)
