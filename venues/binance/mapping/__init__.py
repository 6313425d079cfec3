"""Pure functions between Binance Spot's payloads and the floor's messages."""
