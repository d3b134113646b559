"""A set of real vulnerabilities, long fixed, that builds itself from public sources.

Nothing of others is kept here: recipes say what is fetched by which hash, from Debian's sources and
from the registries of Python's and npm's packages, and how it is built before and after its fix.
The result has the layouts of CyberGym and BountyBench. For defence alone: all is known and fixed.
"""

from cyber_suites.real_set.checking import check
from cyber_suites.real_set.setup import build

__all__ = ["build", "check"]
