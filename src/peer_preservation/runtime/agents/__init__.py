"""Production coding agents as harnesses: which, where from, and how each meets an episode.

What isolates them is the sandbox's business, and what they do the scenario's and the scorers'.
"""
