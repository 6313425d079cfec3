"""What is said on the floor and how it travels. Imports nothing else of this project."""
