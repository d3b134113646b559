"""What real files show: a tree that an agent could write to, read safely; weights by content.

Nothing of Inspect, of scenarios or of scoring: a collector asks here and writes an Episode.
"""
