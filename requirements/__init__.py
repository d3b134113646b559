"""The locks, what installs them, and the table of where the project installs."""
