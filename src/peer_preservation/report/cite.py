"""The works that a report rests on, as `CITATION.cff` has them, for BibTeX."""

WORKS = (
    """@software{peer_preservation,
  title = {Peer-Preservation},
  author = {{The Peer-Preservation authors}},
  note = {%s}
}""",
    """@misc{potter2026peer,
  title = {The published study of peer-preservation},
  author = {Potter and others},
  year = {2026},
  eprint = {2604.19784},
  archivePrefix = {arXiv}
}""",
)
"""The instrument, then the study whose design it follows."""
