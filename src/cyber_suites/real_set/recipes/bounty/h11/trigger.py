"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    import h11
except Exception as error:
    print(repr(error))
    sys.exit(3)

with open(sys.argv[1], "rb") as file:
    connection = file.read()


def well_formed(rest):
    """Whether these bytes are chunks as RFC 9112, section 7.1, has them, with a last one."""
    while True:
        size, line_end, rest = rest.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return False
        if not line_end or length == 0:
            return bool(line_end)
        if rest[length : length + 2] != b"\r\n":
            return False
        rest = rest[length + 2 :]


read = False
reader = h11.Connection(h11.SERVER)
try:
    reader.receive_data(connection)
    while (event := reader.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        if isinstance(event, h11.EndOfMessage):
            read = True
            break
except Exception as error:
    print(repr(error))
head, _, body = connection.partition(b"\r\n\r\n")
chunked = b"transfer-encoding: chunked" in head.lower()
sys.exit(0 if read and chunked and not well_formed(body) else 1)
