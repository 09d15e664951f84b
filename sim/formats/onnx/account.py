"""The account of an ONNX graph: what runs on the accelerator, what is folded into it, and all that does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.formats.onnx.fusion import RECTIFIED_ZEROS
from sim.formats.onnx.graph import LAYER_OPERATORS, Graph, GraphNode
from sim.formats.onnx.operators import Operator


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The nodes of one kind that are not on the accelerator.

    `values` counts what they put out for the graph's batch; `share` is their part of what all nodes that run put out,
    as far as shapes are known. Both are None where their own are not.
    """

    operator: str
    nodes: int
    values: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Account:
    """What became of each node: nodes by operator, and layers of which something special is to be said."""

    layers: Mapping[str, int]
    folded: Mapping[str, int]
    constant: Mapping[str, int]
    elsewhere: tuple[Elsewhere, ...]
    without_values: int
    over_rows: int

    def notes(self, *, zeros_assumed: bool = True) -> list[str]:
        """State it in lines for people; of zeros only where those of fmaps are assumed."""
        lines = [f"layers: {_counted(self.layers)}"]
        if self.folded:
            lines[0] += f"; folded into them: {_counted(self.folded)}"
        if self.over_rows:
            lines.append(
                f"{_many(self.over_rows, 'product')} of several rows an image as 1x1 convolutions over the rows"
            )
        lines.append(self._elsewhere())
        if self.constant:
            lines.append(f"worked out once, from constants: {_counted(self.constant)}")
        if not zeros_assumed:
            return lines
        weights = "weights' zeros are counted"
        if self.without_values:
            weights += (
                f", but the file has no values for those of {_many(self.without_values, 'layer')}: taken as dense"
            )
        lines.append(
            f"zeros: {weights}; fmaps' are assumed: {RECTIFIED_ZEROS} behind a ReLU, also through max pooling and "
            "operators that only move values, else 0"
        )
        return lines

    def _elsewhere(self) -> str:
        if not self.elsewhere:
            return "not on the accelerator: nothing"
        parts = [f"{one.operator} {one.nodes} ({_percent(one.share)})" for one in self.elsewhere]
        whole = _percent(sum(one.share or 0.0 for one in self.elsewhere))
        head = "not on the accelerator, with its share of the values that all nodes put out"
        return f"{head}: {', '.join(parts)}; {whole} in all"

    def as_dict(self) -> dict[str, Any]:
        """Return the result file's form."""
        return {
            "layers": dict(self.layers),
            "folded": dict(self.folded),
            "constant": dict(self.constant),
            "not_on_the_accelerator": [
                {"operator": one.operator, "nodes": one.nodes, "values": one.values, "share": one.share}
                for one in self.elsewhere
            ],
            "layers_over_rows": self.over_rows,
            "layers_without_weight_values": self.without_values,
            "assumed_zeros": {"behind_relu": RECTIFIED_ZEROS, "otherwise": 0.0},
        }


def account_of(
    graph: Graph, operators: Mapping[int, Operator], fused: Mapping[int, Sequence[GraphNode]], *, without_values: int
) -> Account:
    """Account for every node; `operators` and the nodes `fused` into them are by their node's number."""
    folded = [node for nodes in fused.values() for node in nodes]
    taken = {node.number for node in folded} | operators.keys()
    running = {node.number for node in graph.running}
    return Account(
        layers=_count(one.node.op for one in operators.values()),
        folded=_count(node.op for node in folded),
        constant=_count(node.op for node in graph.nodes if node.number not in running),
        elsewhere=_elsewhere(graph, [node for node in graph.running if node.number not in taken]),
        without_values=without_values,
        over_rows=sum(one.rows > 1 for one in operators.values()),
    )


def _elsewhere(graph: Graph, nodes: Iterable[GraphNode]) -> tuple[Elsewhere, ...]:
    """Add up nodes by operator, those that put out most first."""
    everything = sum(graph.words(node) or 0 for node in graph.running)
    kinds: dict[str, list[GraphNode]] = {}
    for node in nodes:
        label = f"{node.op} without constant weights" if node.op in LAYER_OPERATORS else node.op
        kinds.setdefault(label, []).append(node)
    found = []
    for label, alike in kinds.items():
        values = _sum(graph.words(node) for node in alike)
        share = None if values is None or not everything else values / everything
        found.append(Elsewhere(label, len(alike), values, share))
    return tuple(sorted(found, key=lambda one: (-(one.values or 0), one.operator)))


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _count(operators: Iterable[str]) -> dict[str, int]:
    """Count operators, the most frequent first."""
    return dict(sorted(Counter(operators).items(), key=lambda item: (-item[1], item[0])))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{operator} {count}" for operator, count in counts.items())


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _percent(share: float | None) -> str:
    if share is None:
        return "unknown share"
    return f"{100 * share:.1f} %" if share >= 0.0005 or not share else "< 0.1 %"
