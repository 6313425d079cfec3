"""What accounts do: orders from parameters to the engine, balances, and the reports about both."""
