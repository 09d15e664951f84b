"""Networks: what a `workloads/*.yaml` file says, and the layers that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.errors import FieldFault, InputError, PathStep
from sim.files.schema import Document, read_document, validate_data
from sim.files.text import shown_path
from sim.files.tree import mark_of
from sim.files.yaml_source import read_tree
from sim.networks.given_tensors import with_given_zeros
from sim.networks.layer import BitWidths, GivenTensors, Layer, LayerKind, Padding, Shape
from sim.units import BitWidth

Size = Annotated[int, Field(ge=1, le=1 << 20)]
Pad = Annotated[int, Field(ge=0, le=1 << 12)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Pair = Annotated[tuple[Size, Size], Field()]
Quad = tuple[Pad, Pad, Pad, Pad]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]
WordBits = Annotated[BitWidth, Field(ge=1, le=32)]

_MOST_FMAP_WORDS = 1 << 30


class Zeros(Document):
    """Zero fractions; None where the file leaves one to the default."""

    ifmap: Fraction | None = None
    ofmap: Fraction | None = None
    filter: Fraction = 0.0


class DefaultZeros(Document):
    """The zero fractions of layers that state none."""

    ifmap: Fraction
    ofmap: Fraction


class Bits(Document):
    """Word widths; ofmaps are as wide as psums where they have no width of their own."""

    ifmap: WordBits = 16
    filter: WordBits = 16
    psum: WordBits = 16
    ofmap: WordBits | None = None

    @model_validator(mode="after")
    def _ofmaps_are_cut_psums(self) -> Bits:
        if self.ofmap is not None and self.ofmap > self.psum:
            raise FieldFault(f"ofmap words of {self.ofmap} b", f"at most the psums' {self.psum} b", at=("ofmap",))
        return self


class TensorFiles(Document):
    """A layer's `.npy` files, from the workload's folder: stored ifmap (N, C, H, W), filters (M, C/G, R, S)."""

    ifmap: FileName | None = None
    filters: FileName | None = None


class LayerEntry(Document):
    """One line of `layers`. Sizes are of stored data: padding is extra."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    type: Literal["conv", "depthwise", "fc"]
    ifmap: tuple[Size, Size, Size]
    filters: Size | None = None
    kernel: Size | Pair | None = None
    stride: Size | Pair = 1
    pad: Pad | Quad = 0
    groups: Size = 1
    relu: bool = True
    raw_ifmap: bool = False
    zeros: Zeros = Zeros()
    bits: Bits | None = None
    mapping: dict[str, Size] | None = None
    tensors: TensorFiles = TensorFiles()

    @property
    def padding(self) -> Padding:
        """The padding on all four sides."""
        return Padding(*(self.pad if isinstance(self.pad, tuple) else (self.pad,) * 4))

    @property
    def window(self) -> tuple[int, int]:
        """(R, S)."""
        if self.kernel is None:
            return self.ifmap[1], self.ifmap[2]
        return self.kernel if isinstance(self.kernel, tuple) else (self.kernel, self.kernel)

    @property
    def strides(self) -> tuple[int, int]:
        """The vertical and the horizontal stride."""
        return self.stride if isinstance(self.stride, tuple) else (self.stride, self.stride)

    @model_validator(mode="after")
    def _fields_fit_the_type(self) -> LayerEntry:
        if self.type == "fc":
            for key in ("kernel", "stride", "pad", "groups"):
                if key in self.model_fields_set:
                    raise FieldFault(
                        f"an fc layer has no {key}", "leave it out: its filter covers the ifmap", at=(key,)
                    )
        elif self.kernel is None:
            raise FieldFault(f"a {self.type} layer without a kernel", "add kernel: R or kernel: [R, S]", at=("type",))
        if self.type == "depthwise":
            if "groups" in self.model_fields_set and self.groups != self.ifmap[0]:
                raise FieldFault(
                    f"{self.groups} groups in a depthwise layer",
                    f"its {self.ifmap[0]} channels, or left out",
                    at=("groups",),
                )
        elif self.filters is None:
            article = "an" if self.type == "fc" else "a"
            raise FieldFault(f"{article} {self.type} layer without filters", "add filters: M", at=("type",))
        return self

    @model_validator(mode="after")
    def _zeros_are_said_once(self) -> LayerEntry:
        for key, tensor in (("ifmap", "ifmap"), ("filter", "filters")):
            if key in self.zeros.model_fields_set and getattr(self.tensors, tensor) is not None:
                raise FieldFault(
                    f"a zero fraction beside tensors.{tensor}", "leave it out: it is counted", at=("zeros", key)
                )
        return self

    @model_validator(mode="after")
    def _shapes_fit_together(self) -> LayerEntry:
        groups = self.ifmap[0] if self.type == "depthwise" else self.groups
        filters = self.ifmap[0] if self.filters is None else self.filters
        for key, count in (("ifmap", self.ifmap[0]), ("filters", filters)):
            if count % groups:
                what = "channels" if key == "ifmap" else "filters"
                raise FieldFault(f"{count} {what} in {groups} groups", f"a multiple of {groups}", at=(key,))
        pad = self.padding
        for key, kernel, size in (
            ("height", self.window[0], self.ifmap[1] + pad.top + pad.bottom),
            ("width", self.window[1], self.ifmap[2] + pad.left + pad.right),
        ):
            if kernel > size:
                raise FieldFault(
                    f"a kernel {kernel} in {key} over a padded ifmap of {size}",
                    f"at most {size}",
                    at=("kernel",),
                )
        return self

    @model_validator(mode="after")
    def _fmaps_fit_in_memory(self) -> LayerEntry:
        (channels, height, width), pad, shape = self.ifmap, self.padding, self.shape()
        for what, words in (
            ("a padded ifmap", channels * (height + pad.top + pad.bottom) * (width + pad.left + pad.right)),
            ("an ofmap", shape.G * shape.M * shape.E * shape.F),
        ):
            if words > _MOST_FMAP_WORDS:
                raise FieldFault(f"{what} of {words} words", f"at most {_MOST_FMAP_WORDS} an image", at=("ifmap",))
        return self

    def shape(self) -> Shape:
        """Return the loop bounds; rows and columns past the last window are trimmed off."""
        channels, height, width = self.ifmap
        groups = channels if self.type == "depthwise" else self.groups
        filters = channels if self.filters is None else self.filters
        (R, S), (Uy, Ux), pad = self.window, self.strides, self.padding
        return Shape(
            G=groups,
            M=filters // groups,
            C=channels // groups,
            R=R,
            S=S,
            E=(height + pad.top + pad.bottom - R) // Uy + 1,
            F=(width + pad.left + pad.right - S) // Ux + 1,
            Uy=Uy,
            Ux=Ux,
        )


class WorkloadFile(Document):
    """A workload file as written."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    source: str
    batch: Annotated[int, Field(ge=1, le=4096)] = 1
    default_zeros: DefaultZeros
    ifmap_zeros_include_padding: bool = False
    bits: Bits = Bits()
    layers: Annotated[tuple[LayerEntry, ...], Field(min_length=1, max_length=4096)]

    @model_validator(mode="after")
    def _names_differ(self) -> WorkloadFile:
        seen: dict[str, int] = {}
        for number, layer in enumerate(self.layers):
            if layer.name in seen:
                raise FieldFault(
                    f"a second layer named '{layer.name}'",
                    f"every name once; the first is layers[{seen[layer.name]}]",
                    at=("layers", number, "name"),
                )
            seen[layer.name] = number
        return self

    @model_validator(mode="after")
    def _zeros_cover_the_padding(self) -> WorkloadFile:
        for number, entry in enumerate(self.layers):
            if not self.ifmap_zeros_include_padding or entry.zeros.ifmap is None:
                continue
            least = _padding_fraction(entry)
            # Published fractions are rounded, and those counted strip by strip see a little less padding.
            if entry.zeros.ifmap < least - 2e-3:
                raise FieldFault(
                    f"{entry.zeros.ifmap} zeros with padding included",
                    f"at least {least:.4f}, the share of the padding itself",
                    at=("layers", number, "zeros", "ifmap"),
                )
        return self


@dataclass(frozen=True, slots=True)
class Workload:
    """A network: its layers in order, and the batch that its file asks for."""

    name: str
    batch: int
    layers: tuple[Layer, ...]


def _padding_fraction(entry: LayerEntry) -> float:
    """Return the share of the padded ifmap that is padding, before any trimming."""
    pad = entry.padding
    _, height, width = entry.ifmap
    return 1 - height * width / ((height + pad.top + pad.bottom) * (width + pad.left + pad.right))


def _stored_zeros(entry: LayerEntry, file: WorkloadFile) -> float:
    """Return the zero fraction over stored values, taking the padding out where the file counts it in."""
    zeros = entry.zeros.ifmap
    if zeros is None:
        return file.default_zeros.ifmap
    padding = _padding_fraction(entry) if file.ifmap_zeros_include_padding else 0.0
    return max(0.0, (zeros - padding) / (1 - padding))


def _layer(entry: LayerEntry, file: WorkloadFile, *, folder: Path, is_first: bool) -> Layer:
    bits = entry.bits or file.bits
    files = {key: folder / name for key, name in entry.tensors.model_dump(exclude_none=True).items()}
    return Layer(
        name=entry.name,
        kind=LayerKind(entry.type),
        shape=entry.shape(),
        stored_height=entry.ifmap[1],
        stored_width=entry.ifmap[2],
        padding=entry.padding,
        ifmap_zeros=_stored_zeros(entry, file),
        ofmap_zeros=file.default_zeros.ofmap if entry.zeros.ofmap is None else entry.zeros.ofmap,
        relu=entry.relu,
        coded_ifmap=not (is_first or entry.raw_ifmap),
        bits=BitWidths(bits.ifmap, bits.filter, bits.psum, bits.ofmap),
        mapping=None if entry.mapping is None else tuple(entry.mapping.items()),
        filter_zeros=entry.zeros.filter,
        given=GivenTensors(**files),
    )


def read_workload(path: Path) -> Workload:
    """Read a `workloads/*.yaml` file; raise InputError with its place for anything wrong."""
    file, folder = read_document(path, WorkloadFile), Path(path).parent
    return _workload(file, folder, lambda at: f"{shown_path(path)}:{mark_of(read_tree(path), at)}")


def workload_of(data: Mapping[str, Any], place: str) -> Workload:
    """Make a network of plain data in the file's form, its tensors' files from the current folder.

    Raises InputError, at `place`, for anything wrong.
    """
    return _workload(validate_data(data, WorkloadFile, place), Path(), lambda at: place)


def _workload(file: WorkloadFile, folder: Path, place_of: Callable[[Sequence[PathStep]], str]) -> Workload:
    layers = []
    for number, entry in enumerate(file.layers):
        layer = _layer(entry, file, folder=folder, is_first=number == 0)
        try:
            layers.append(with_given_zeros(layer, file.batch))
        except FieldFault as fault:
            at = ("layers", number, "tensors", *fault.at)
            raise InputError.located(place_of(at), at, wrong=fault.wrong, allowed=fault.allowed) from fault
    return Workload(name=file.name, batch=file.batch, layers=tuple(layers))
