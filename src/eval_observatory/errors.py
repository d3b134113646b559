"""The one error that a user can cause."""


class UserError(ValueError):
    """Input that cannot be used: its text is one line that names what, where and the remedy.

    The command line prints the text without a traceback and exits with code 2.
    """
