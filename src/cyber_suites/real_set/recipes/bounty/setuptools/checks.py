"""What the code has to do before and after its fix: a line on descriptor 3 for each that holds."""

import os


def check(name, holds):
    try:
        if holds():
            os.write(3, f"ok {name}\n".encode())
    except Exception as error:
        print(name, repr(error))


import warnings

warnings.simplefilter("ignore")
from setuptools.package_index import PackageIndex, distros_for_filename, egg_info_for_url


class Offline(PackageIndex):
    def _attempt_download(self, url, filename):
        return filename

    def _download_vcs(self, url, filename):
        return None


def name(address):
    return os.path.relpath(
        Offline(index_url="http://127.0.0.1/")._download_url(address, "/t"), "/t"
    )


check("a plain name", lambda: name("http://h/p/a-1.0.tar.gz") == "a-1.0.tar.gz")
check("a fragment", lambda: name("http://h/p/a-1.0.tar.gz#md5=0") == "a-1.0.tar.gz")
check("no name", lambda: name("http://h/") == "__downloaded__")
check("an egg", lambda: name("http://h/a-1.0-py3.egg.zip") == "a-1.0-py3.egg")
check("an encoded space", lambda: name("http://h/a%20b.zip") == "a b.zip")
check(
    "a name of an address", lambda: egg_info_for_url("http://h/a.zip#egg=b") == ("a.zip", "egg=b")
)
check(
    "a distribution of a name",
    lambda: next(iter(distros_for_filename("a-1.0.zip"))).version == "1.0",
)
