"""A command that ends with the worker that started it, however that ends.

`python -m eval_observatory.cluster.leash package.module:function ARGUMENT…` calls the function as a
program of these arguments. Its standard input is the leash: once nobody holds the other end, the
whole process group is killed.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from threading import Thread


def _watch() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Calls the function that the first argument names."""
    module, _, function = sys.argv[1].partition(":")
    sys.argv = [function, *sys.argv[2:]]
    Thread(target=_watch, daemon=True).start()
    getattr(import_module(module), function)()


if __name__ == "__main__":
    main()
