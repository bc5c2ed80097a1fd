"""Where AI Studio is and in whose name it is called."""

import re
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import quote, urlsplit

RealtimeTransport = Literal["auto", "http", "websocket"]

_TRANSPORTS = get_args(RealtimeTransport)
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Config:
    """The client's settings. An empty `api_key` means: with the invocation's IAM token.

    Raises:
        ValueError: naming everything that is wrong, and no value (one of them is a secret).
    """

    base_url: str
    folder_id: str
    api_key: str = field(default="", repr=False)
    data_logging: bool = False
    realtime_url: str = ""
    realtime_model: str = ""
    realtime_transport: RealtimeTransport = "auto"

    def __post_init__(self) -> None:
        checks = {
            "base_url is not an http(s) URL": _is_url(self.base_url, "http", "https"),
            "folder_id is empty or not printable ASCII": is_token(self.folder_id),
            "api_key is not printable ASCII without spaces": not self.api_key or is_token(self.api_key),
            "realtime_url is not a ws(s) URL": not self.realtime_url or _is_url(self.realtime_url, "ws", "wss"),
            f"realtime_transport is none of {', '.join(_TRANSPORTS)}": self.realtime_transport in _TRANSPORTS,
        }
        wrong = [problem for problem, passed in checks.items() if not passed]
        if wrong:
            raise ValueError("; ".join(wrong))


def path_segment(identifier: str) -> str:
    r"""Percent-encode an id from outside so that it can only ever be one segment of a path.

    Raises:
        ValueError: for an id that would make the path another one: empty, `.`, `..`, or with `/` or `\\`.
    """
    if identifier in {"", ".", ".."} or "/" in identifier or "\\" in identifier:
        raise ValueError("an id that can't be a path segment")
    return quote(identifier, safe="")


def is_token(value: str) -> bool:
    """Tell whether a value can stand in a header: printable ASCII without spaces, and not empty."""
    return _TOKEN.fullmatch(value) is not None


def _is_url(value: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and is_token(value)
    except ValueError:
        return False
