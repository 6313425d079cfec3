"""Binance Spot's API as it is: REST, market streams, the WebSocket API. No bus, no actor; nothing is ever resent."""
