"""The pictures as Vega-Lite specs, and the tables that move them."""
