"""Layers from files that know shapes and little else: kinds found from the sizes, sizes checked, names told apart."""

from __future__ import annotations

from collections.abc import Collection

from sim.errors import FieldFault, quoted
from sim.networks.layer import Layer, LayerKind, Padding, Shape

MOST_SIZE = 1 << 20
MOST_STRIDE = 4096
_MOST_FMAP_WORDS = 1 << 30  # as for the layers of a workload file
_MOST_NAME_CHARACTERS = 128


def plain_layer(
    name: str,
    shape: Shape,
    *,
    stored: tuple[int, int] | None = None,
    zeros: tuple[float, float, float] = (0.0, 0.0, 0.0),
    is_first: bool,
) -> Layer:
    """Make a layer of 16-bit words; raise FieldFault where its fmaps are too large.

    `stored` is the ifmap's height and width where its last windows hang over its end: zeros are added there. `zeros`
    are the fractions of ifmap, filter and ofmap. A filter that covers the ifmap makes an FC layer, groups of one
    channel a depthwise one, and an ofmap without zeros means no ReLU.
    """
    height, width = stored or (shape.H, shape.W)
    for what, words in (
        ("a padded ifmap", shape.G * shape.C * shape.H * shape.W),
        ("an ofmap", shape.G * shape.M * shape.E * shape.F),
    ):
        if words > _MOST_FMAP_WORDS:
            raise FieldFault(f"{what} of {words} words", f"at most {_MOST_FMAP_WORDS} an image")
    return Layer(
        name=name,
        kind=_kind(shape),
        shape=shape,
        stored_height=height,
        stored_width=width,
        padding=Padding(bottom=shape.H - height, right=shape.W - width),
        ifmap_zeros=zeros[0],
        filter_zeros=zeros[1],
        ofmap_zeros=zeros[2],
        relu=zeros[2] > 0,
        coded_ifmap=not is_first,
    )


def _kind(shape: Shape) -> LayerKind:
    if shape.G > 1:
        return LayerKind.DEPTHWISE if shape.C == 1 else LayerKind.CONV
    return LayerKind.FC if shape.E == shape.F == 1 else LayerKind.CONV


def size_of(text: str, most: int = MOST_SIZE) -> int:
    """Read a whole number from 1 to `most`; raise FieldFault."""
    if not (text.isascii() and text.isdigit()):
        raise FieldFault(f"got the text {quoted(text)}" if text else "no value", "expected a whole number")
    if len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise FieldFault(f"got the number {text[:40]}", f"expected 1 to {most}")
    return int(text)


def check_name(name: str) -> str:
    """Hand a layer's name back; raise FieldFault where it is empty or too long."""
    if not name:
        raise FieldFault("no name", "expected a name for the layer")
    if len(name) > _MOST_NAME_CHARACTERS:
        raise FieldFault(f"a name of {len(name)} characters", f"at most {_MOST_NAME_CHARACTERS}")
    return name


def different(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: the second `a` is called `a_2`."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
