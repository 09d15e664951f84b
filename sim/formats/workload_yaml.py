"""Networks written as workload files, which read back to the same layers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sim.errors import ModelError, printable
from sim.networks.layer import BitWidths, Layer, LayerKind
from sim.networks.workload import Workload

_LINE = 116  # of a comment's text


def write_workload(workload: Workload, batch: int, *, source: str, comments: Sequence[str] = ()) -> str:
    """Write a network as a workload file, every field stated; `comments` stand at its head.

    Raises ModelError for a network whose first layer's ifmap is coded, which the file could not say.
    """
    if workload.layers and workload.layers[0].coded_ifmap:
        raise ModelError("layers fit a workload file", f"{workload.layers[0].name}: the first layer's ifmap is raw")
    macs, weights = (sum(getattr(layer.shape, what) for layer in workload.layers) for what in ("macs", "weights"))
    lines = [f"# {workload.name}: {macs:,} MACs, {weights:,} weights per image."]
    lines += [f"# {line}".rstrip() for line in ("", *(part for text in comments for part in _wrapped(text)))]
    lines += [
        "schema: 1",
        f"name: {_text(workload.name)}",
        f"source: {_text(source)}",
        f"batch: {batch}",
        "default_zeros: {ifmap: 0.0, ofmap: 0.0}  # not used: every layer states its own",
        "layers:",
    ]
    lines += _aligned([_fields(layer, is_first=not number) for number, layer in enumerate(workload.layers)])
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    """Break a text into lines at blanks."""
    lines = [""]
    for word in printable(text).split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _fields(layer: Layer, *, is_first: bool) -> dict[str, str]:
    """Write a layer's fields, in the order of the shipped files; those that say nothing are left out."""
    shape, pad = layer.shape, layer.padding
    fields = {
        "name": _text(layer.name),
        "type": str(layer.kind),
        "ifmap": f"[{shape.G * shape.C}, {layer.stored_height}, {layer.stored_width}]",
        "filters": str(shape.G * shape.M),
    }
    if layer.kind is not LayerKind.FC:
        fields["kernel"] = f"[{shape.R}, {shape.S}]"
        fields["stride"] = f"[{shape.Uy}, {shape.Ux}]"
        fields["pad"] = f"[{pad.top}, {pad.bottom}, {pad.left}, {pad.right}]"
        fields["groups"] = str(shape.G)
    fields["relu"] = "true" if layer.relu else "false"
    if not layer.coded_ifmap and not is_first:
        fields["raw_ifmap"] = "true"
    zeros = {"ifmap": layer.ifmap_zeros, "ofmap": layer.ofmap_zeros, "filter": layer.filter_zeros}
    fields["zeros"] = _flow({tensor: _number(fraction) for tensor, fraction in zeros.items()})
    if layer.bits != BitWidths():
        fields["bits"] = _flow({name: f"{getattr(layer.bits, name)} b" for name in ("ifmap", "filter", "psum")})
    if layer.mapping is not None:
        fields["mapping"] = _flow({name: str(value) for name, value in layer.mapping})
    return fields


def _aligned(layers: Sequence[Mapping[str, str]]) -> list[str]:
    """Write a layer a line, with the same fields one below the other."""
    keys = list(dict.fromkeys(key for fields in layers for key in fields))
    keys.sort(key=_ORDER.index)
    widths = {key: max(len(fields.get(key, "")) for fields in layers) + len(key) + 4 for key in keys}
    lines = []
    for fields in layers:
        cells = [(f"{key}: {fields[key]}, " if key in fields else "").ljust(widths[key]) for key in keys]
        lines.append(f"  - {{{''.join(cells).rstrip().rstrip(',')}}}")
    return lines


_ORDER = (
    "name", "type", "ifmap", "filters", "kernel", "stride", "pad", "groups", "relu", "raw_ifmap", "zeros", "bits",
    "mapping",
)  # fmt: skip


def _flow(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def _text(text: str) -> str:
    """Quote a text, which is printable, as YAML and JSON both do."""
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """Write a fraction to the last digit, with the point without which YAML takes an exponent for text."""
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{e}{exponent}"
