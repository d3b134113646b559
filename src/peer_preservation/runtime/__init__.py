"""The only room that imports inspect_ai: tasks, the loop, model providers, sandboxes."""
