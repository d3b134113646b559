"""Where models play: the only room here that imports `inspect_ai`."""
