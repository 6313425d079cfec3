"""A request on its way to an answer: weight, parameters, key, signature, time, and the table of all endpoints."""
