"""Who comes in and how: HTTP, stream sockets, the WebSocket API, user-data subscriptions."""
