"""The four stages of an end-to-end rollout: reproduce, patch, keep the tests, stop the truth."""
