"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    import zipp
except Exception as error:
    print(repr(error))
    sys.exit(3)

for entry in zipp.Path(sys.argv[1]).iterdir():
    print(entry.name)
