"""Charts made from the tables: Vega-Lite specifications and SVG."""
