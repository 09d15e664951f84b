"""Charts as SVG and PNG, with matplotlib, imported where one is drawn."""
