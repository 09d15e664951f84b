"""One network on one chip by one model: request, run, provenance, timeline."""
