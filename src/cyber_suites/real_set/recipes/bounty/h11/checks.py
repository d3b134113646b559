"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


import h11


def events(connection, pieces=1):
    reader = h11.Connection(h11.SERVER)
    size = -(-len(connection) // pieces)
    found = []
    for start in range(0, len(connection), size):
        reader.receive_data(connection[start : start + size])
        while (event := reader.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            found.append(event)
    return found


def body(connection, pieces=1):
    return b"".join(e.data for e in events(connection, pieces) if isinstance(e, h11.Data))


def refused(connection):
    try:
        events(connection)
    except h11.RemoteProtocolError:
        return True
    return False


def sent():
    request = h11.Request(method="GET", target="/a", headers=[("Host", "h")])
    return bytes(h11.Connection(h11.CLIENT).send(request))


GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
HEAD = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = HEAD + b"3\r\nxyz\r\n2;a=b\r\nuv\r\n0\r\n\r\n"

check("a request", lambda: events(GET)[0].target == b"/a")
check("a body by its length", lambda: body(POST) == b"xyz")
check("a body in chunks", lambda: body(CHUNKED) == b"xyzuv")
check(
    "chunks in pieces", lambda: all(body(CHUNKED, n) == b"xyzuv" for n in (2, 5, 20, len(CHUNKED)))
)
check("its end", lambda: isinstance(events(CHUNKED)[-1], h11.EndOfMessage))
check("trailers", lambda: events(HEAD + b"0\r\nA: b\r\n\r\n")[-1].headers[0] == (b"a", b"b"))
check("no bad size", lambda: refused(HEAD + b"x\r\n"))
check("no bad length", lambda: refused(POST.replace(b"3", b"q")))
check("what it sends", lambda: sent() == b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
