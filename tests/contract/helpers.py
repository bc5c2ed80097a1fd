import socket
from urllib.parse import urlsplit

from infra.local.studio.process import StudioHandle


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def raw_request(studio: StudioHandle, method: str, path: str) -> socket.socket:
    """A connection on which this request was sent, and nothing read."""
    lines = [f"{method} /v1/{path} HTTP/1.1", "Host: studio"]
    lines += [f"{name}: {value}" for name, value in studio.headers.items()]
    client = socket.create_connection(("127.0.0.1", port_of(studio.base_url)), timeout=60)
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    return client
