"""Feeds the input to the code; exit 3 if the code cannot even be loaded."""

import sys

try:
    import warnings

    warnings.simplefilter("ignore")
    from setuptools.package_index import PackageIndex
except Exception as error:
    print(repr(error))
    sys.exit(3)

import os
import tempfile

with open(sys.argv[1], encoding="ascii", errors="replace") as file:
    address = file.read().strip()
written = []


class Offline(PackageIndex):
    """Keeps where a download would be written, in place of the download."""

    def _attempt_download(self, url, filename):
        written.append(filename)
        return filename

    def _download_vcs(self, url, filename):
        return None


with tempfile.TemporaryDirectory() as folder:
    try:
        Offline(index_url="http://127.0.0.1/")._download_url(address, folder)
    except Exception as error:
        print(repr(error))
    inside = os.path.realpath(folder) + os.sep
    sys.exit(0 if any(not os.path.realpath(name).startswith(inside) for name in written) else 1)
