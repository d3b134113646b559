"""The trial table: one row a rollout. Its schema, and the ways into it."""
