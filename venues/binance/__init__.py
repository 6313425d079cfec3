"""Binance: Spot today. `adapter` is what the floor knows of it; `twin` shares nothing with the rest."""
