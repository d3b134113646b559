"""The one error that a user can cause: the Observatory's, by the name it has here."""

from eval_observatory.errors import UserError

__all__ = ["UserError"]
