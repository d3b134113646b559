"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    from gunicorn.config import Config
    from gunicorn.http.parser import RequestParser
except Exception as error:
    print(repr(error))
    sys.exit(3)

with open(sys.argv[1], "rb") as file:
    connection = file.read()
seen = []
try:
    for request in RequestParser(Config(), iter([connection]), ("127.0.0.1", 1)):
        encodings = [value for name, value in request.headers if name == "TRANSFER-ENCODING"]
        seen.append((request.path, encodings, request.body.read()))
except Exception as error:
    print(repr(error))
# by an encoding that is not chunked alone no body has an end before the connection's
framed = seen and seen[0][1] and seen[0][1] != ["chunked"]
sys.exit(0 if framed and any(path == "/smuggled" for path, _, _ in seen[1:]) else 1)
