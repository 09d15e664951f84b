"""ONNX networks: layers from graphs, and the values that they have on images."""
