"""What everybody may see: symbols, trades, candles, market streams."""
