"""Other suites of the Observatory: CyberGym and BountyBench, runnable and scored again at any time.

Defensive use only: known and fixed vulnerabilities, every program in a sandbox, no network. See
`docs/cyber.md`.
"""

from cyber_suites.bountybench.suite import BOUNTYBENCH
from cyber_suites.cybergym.suite import CYBERGYM

__all__ = ["BOUNTYBENCH", "CYBERGYM"]
