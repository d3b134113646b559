"""What the site generates: the command line's reference, and notebooks with what they show.

Markdown comes out, so nothing in here needs Sphinx; `docs/conf.py` hands it over.
"""
