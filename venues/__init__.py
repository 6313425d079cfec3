"""The world outside: one folder for each venue."""
