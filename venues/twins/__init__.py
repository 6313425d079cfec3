"""What the local twins share: matching engine, participants of a seeded market, truth log."""
