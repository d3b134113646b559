"""`python -m cyber_suites.real_set`."""

from cyber_suites.real_set.command import real_set

if __name__ == "__main__":
    real_set()
