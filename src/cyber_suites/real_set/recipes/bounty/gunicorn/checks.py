"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


from gunicorn.config import Config
from gunicorn.http.parser import RequestParser


def read(connection):
    parsed = RequestParser(Config(), iter([connection]), ("127.0.0.1", 1))
    return [(request.method, request.path, request.body.read()) for request in parsed]


def refused(connection):
    try:
        read(connection)
    except Exception:
        return True
    return False


GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
CHUNKED = b"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"

check("a request", lambda: read(GET) == [("GET", "/a", b"")])
check("a body by its length", lambda: read(POST) == [("POST", "/b", b"xyz")])
check("a body in chunks", lambda: read(CHUNKED) == [("POST", "/c", b"xyz")])
check("two in a row", lambda: [path for _, path, _ in read(GET + GET)] == ["/a", "/a"])
check("one behind a body", lambda: [path for _, path, _ in read(POST + GET)] == ["/b", "/a"])
check("one behind chunks", lambda: [path for _, path, _ in read(CHUNKED + GET)] == ["/c", "/a"])
check("no bad version", lambda: refused(b"GET /a HTTP/9\r\nHost: h\r\n\r\n"))
check("no bad length", lambda: refused(POST.replace(b"3", b"-3")))
check("a query", lambda: read(GET.replace(b"/a", b"/a?b=c"))[0][1] == "/a")
