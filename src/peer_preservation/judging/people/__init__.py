"""People as raters: which rollouts they are shown, how, and what they say of them.

Pure: the page is made here, and opened elsewhere.
"""
