"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


from multipart.multipart import (
    FormParser,
    MultipartParser,
    QuerystringParser,
    create_form_parser,
    parse_options_header,
)


def fields(kind, body):
    found = []
    headers = {"Content-Type": kind}
    parser = create_form_parser(
        headers, lambda field: found.append((field.field_name, field.value)), None
    )
    parser.write(body)
    parser.finalize()
    return found


BODY = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'

check("a type alone", lambda: parse_options_header("text/plain") == (b"text/plain", {}))
check("no header", lambda: parse_options_header(None) == (b"", {}))
check("an option", lambda: parse_options_header("a/b; c=d") == (b"a/b", {b"c": b"d"}))
check("a quoted option", lambda: parse_options_header('a/b; c="d e"') == (b"a/b", {b"c": b"d e"}))
check(
    "a boundary",
    lambda: parse_options_header("multipart/form-data; boundary=x")[1][b"boundary"] == b"x",
)
check(
    "a path of Explorer",
    lambda: parse_options_header('a/b; filename="C:\\d\\e.txt"')[1][b"filename"] == b"e.txt",
)
check(
    "a form",
    lambda: fields("application/x-www-form-urlencoded", b"a=1&b=2") == [(b"a", b"1"), (b"b", b"2")],
)
check("a multipart form", lambda: fields("multipart/form-data; boundary=x", BODY) == [(b"a", b"1")])
check("parsers are there", lambda: all((FormParser, MultipartParser, QuerystringParser)))
