"""The online energy-estimation tool's text format and its output table."""
