"""Files of history: downloaded page by page, continued after any end, and there under their name only when whole."""
