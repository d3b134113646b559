"""From an episode to what it means. Scorers read the record and nothing else."""
