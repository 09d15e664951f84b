"""Small workloads that several tests run."""

from __future__ import annotations

# A convolution, a depthwise one and an FC layer.
TINY = """\
schema: 1
name: tiny
source: test
batch: 2
default_zeros: {ifmap: 0.5, ofmap: 0.5}
layers:
  - {name: conv1, type: conv, ifmap: [3, 12, 12], filters: 8, kernel: 3, pad: 1}
  - {name: conv2/dw, type: depthwise, ifmap: [8, 12, 12], kernel: 3, stride: 2, pad: [0, 1, 0, 1]}
  - {name: fc3, type: fc, ifmap: [8, 6, 6], filters: 10, relu: false}
"""
LEGAL = "conv1:m=8,n=1,e=12,p=8,q=3,r=1,t=1"  # a mapping of its first layer

DENSE = TINY.replace("ifmap: 0.5", "ifmap: 0.0")

# So small that traces can be written down: 16 ifmap values, 9 weights, 4 ofmap values; then 9, 2 and 18.
TRACEABLE = """\
schema: 1
name: tiny
source: test
default_zeros: {ifmap: 0.0, ofmap: 0.0}
layers:
  - {name: a, type: conv, ifmap: [1, 4, 4], filters: 1, kernel: 3, mapping: {m: 1, n: 1, e: 2, p: 1, q: 1, r: 1, t: 1}}
  - {name: b, type: conv, ifmap: [1, 3, 3], filters: 2, kernel: 1, mapping: {m: 2, n: 1, e: 3, p: 2, q: 1, r: 1, t: 1}}
"""
