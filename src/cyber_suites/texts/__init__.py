"""What agents are told, and the scripts that are laid into their sandboxes."""

from importlib.resources import files


def text(name: str) -> str:
    """A text by its file's name."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
