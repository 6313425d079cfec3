"""Who lives on the floor. Imports `bus` and nothing above."""
