"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    from multipart.multipart import parse_options_header
except Exception as error:
    print(repr(error))
    sys.exit(3)

with open(sys.argv[1], "rb") as file:
    print(parse_options_header(file.read()))
