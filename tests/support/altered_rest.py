"""A twin's REST, handed on by a door of this process that may change an answer: what the venue may say tomorrow."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["AlteredRest"]

ANSWER_S = 5.0


class AlteredRest:
    """`change` is given (path, answer) of each request that succeeded and returns the answer to give."""

    def __init__(self, rest: str) -> None:
        self.change: Callable[[str, Any], Any] = lambda path, answer: answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = outer._ask(rest + self.path)
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower().startswith(("x-mbx", "retry-after", "content-type")):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _ask(self, url: str) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
                path = url.partition("?")[0].partition("/api")[2]
                body = json.dumps(self.change(path, json.load(answer))).encode()
                return answer.status, dict(answer.headers), body
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
