"""BountyBench: its layout as users have it, its runs, its rules and its suite."""
