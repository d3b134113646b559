"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


import io
import zipfile

import zipp


def archive():
    made = zipfile.ZipFile(io.BytesIO(), "w")
    for name in ("a.txt", "b/c.txt", "b/d/e.txt", "b/f.txt", "j/k.bin"):
        made.writestr(name, name.encode())
    return made


def root():
    return zipp.Path(archive())


check("lists its root", lambda: sorted(p.name for p in root().iterdir()) == ["a.txt", "b", "j"])
check(
    "lists a folder",
    lambda: sorted(p.name for p in (root() / "b").iterdir()) == ["c.txt", "d", "f.txt"],
)
check("reads a text", lambda: (root() / "b" / "c.txt").read_text(encoding="utf-8") == "b/c.txt")
check("reads bytes", lambda: (root() / "j" / "k.bin").read_bytes() == b"j/k.bin")
check("knows an implied folder", lambda: (root() / "b").is_dir() and (root() / "b/d").is_dir())
check("knows a file", lambda: (root() / "a.txt").is_file() and not (root() / "a.txt").is_dir())
check("knows what is missing", lambda: not (root() / "missing.txt").exists())
check("names a parent", lambda: (root() / "b" / "c.txt").parent.name == "b")
check("has suffix and stem", lambda: ((p := root() / "a.txt").suffix, p.stem) == (".txt", "a"))
check("globs", lambda: [p.name for p in root().glob("*.txt")] == ["a.txt"])
check("opens for reading", lambda: (root() / "a.txt").open("r", encoding="utf-8").read() == "a.txt")
check("joins several parts", lambda: root().joinpath("b", "d", "e.txt").exists())
