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

from django.utils import html, text

check("strips a tag", lambda: html.strip_tags("<p>See: &#39;this</p>") == "See: &#39;this")
check("strips attributes", lambda: html.strip_tags('a<a href="x">b</a>') == "ab")
check("keeps what is no tag", lambda: html.strip_tags("1 < 2 and 3 > 2") == "1 < 2 and 3 > 2")
check("strips comments", lambda: html.strip_tags("a<!-- b -->c") == "ac")
check("keeps a text", lambda: html.strip_tags("hello") == "hello")
check("takes a thousand tags", lambda: html.strip_tags("<b>x</b>" * 1000) == "x" * 1000)
check("escapes", lambda: html.escape("<&>\"'") == "&lt;&amp;&gt;&quot;&#x27;")
check("formats", lambda: html.format_html("<b>{}</b>", "<") == "<b>&lt;</b>")
check("breaks lines", lambda: html.linebreaks("a\nb") == "<p>a<br>b</p>")
check("makes links", lambda: "href" in html.urlize("see https://example.org/ there"))
check("cuts words", lambda: text.Truncator("a b c d").words(2, "") == "a b")
