"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    from django.conf import settings

    settings.configure()
    from django.utils import html
except Exception as error:
    print(repr(error))
    sys.exit(3)

with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
    given = file.read()
print(len(html.urlize(given)))
