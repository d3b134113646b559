"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


import io
import subprocess
import sys

from tqdm import tqdm


def piped(*arguments, given=b"a\nb\nc\n"):
    command = [sys.executable, "-m", "tqdm", *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=60)


def shown(**options):
    text = io.StringIO()
    list(tqdm(range(3), file=text, **options))
    return text.getvalue()


check("passes lines on", lambda: piped().stdout == b"a\nb\nc\n")
check("a total", lambda: b"3/10" in piped("--total", "10").stderr)
check("a unit", lambda: b"spam" in piped("--unit", "spam").stderr)
check("a description", lambda: b"eggs:" in piped("--desc", "eggs").stderr)
check("bytes", lambda: b"B" in piped("--bytes").stderr)
check("a delimiter", lambda: b"2it" in piped("--delim", "x", given=b"axbx").stderr)
check("no unknown option", lambda: piped("--nothing-like-it").returncode != 0)
check("no wrong number", lambda: piped("--total", "many").returncode != 0)
check("a float", lambda: piped("--mininterval", "0.5").returncode == 0)
check("in Python", lambda: "3/3" in shown())
check("disabled", lambda: shown(disable=True) == "")
