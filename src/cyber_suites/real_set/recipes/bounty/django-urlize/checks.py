"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


import django
from django.conf import settings

settings.configure()
django.setup()

from django.utils import html


def link(address, shown=None):
    return f'<a href="{address}">{shown or address}</a>'


check("links an address", lambda: html.urlize("http://a.org/") == link("http://a.org/"))
check(
    "links within a text",
    lambda: html.urlize("go http://a.org now") == f"go {link('http://a.org')} now",
)
check("leaves a stop out", lambda: html.urlize("http://a.org.") == link("http://a.org") + ".")
check("leaves brackets out", lambda: html.urlize("(http://a.org)") == f"({link('http://a.org')})")
check("links www", lambda: html.urlize("www.a.org") == link("http://www.a.org", "www.a.org"))
check("links mail", lambda: html.urlize("me@a.org") == link("mailto:me@a.org", "me@a.org"))
check("keeps a text", lambda: html.urlize("no link here") == "no link here")
check("escapes if asked", lambda: html.urlize("<b>", autoescape=True) == "&lt;b&gt;")
check("shortens", lambda: "…" in html.urlize("http://a.org/" + "x" * 50, trim_url_limit=10))
check("says nofollow", lambda: 'rel="nofollow"' in html.urlize("http://a.org", nofollow=True))
check("strips tags", lambda: html.strip_tags("<p>a</p>") == "a")
