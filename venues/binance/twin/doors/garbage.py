"""Answers that are none: pages of machines in front of the venue, and bytes that no JSON reader takes."""

from __future__ import annotations

from http import HTTPStatus

from venues.binance.twin.requests.trouble import GarbageKind

HTML = "text/html"
JSON = "application/json"
BINARY = bytes(range(256))


def page(status: int) -> bytes:
    """The HTML page of an nginx that answers by itself."""
    title = f"{status} {HTTPStatus(status).phrase}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n"
        "<hr><center>nginx</center>\n</body>\n</html>"
    ).encode()


def garbled(answer: bytes, kind: GarbageKind, status: int) -> tuple[bytes, str]:
    """(body, content type) of what is sent in place of an answer."""
    if kind == "html":
        return page(status), HTML
    if kind == "truncated":
        return answer[: len(answer) // 2], JSON
    if kind == "content_type":
        return answer, HTML
    return BINARY, JSON
