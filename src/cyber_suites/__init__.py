"""Suites of cyber security on the layer of measurement."""
