"""The client's settings: where AI Studio is, and with which credential it is called."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

RealtimeTransport = Literal["auto", "http", "websocket"]

_TOKEN = re.compile(r"[!-~]+")
_ODD_PART = re.compile(r"//|/\.{1,2}(/|$)")


@dataclass(frozen=True, slots=True)
class Config:
    """The client's settings, read elsewhere. With an empty `api_key` calls carry the invocation's IAM token."""

    base_url: str
    folder_id: str
    api_key: str = field(default="", repr=False)
    data_logging: bool = False
    realtime_url: str = ""
    realtime_model: str = ""
    realtime_transport: RealtimeTransport = "auto"

    @property
    def realtime_model_uri(self) -> str:
        """The Realtime model with its folder, as the service names it; a URI or a prompt's id stays as it is."""
        model = self.realtime_model
        return model if "://" in model or model.startswith("prompt:") else f"gpt://{self.folder_id}/{model}"


def url_problem(value: str, *schemes: str) -> str | None:
    """Return what is wrong with a URL to which paths are appended; None where nothing is wrong.

    The text follows the setting's name. It shows nothing of the value, since a URL can hold a password.
    """
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:  # for example a port that is not a number
        return "is not a URL"
    problems = {
        f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}": parts.scheme not in schemes,
        "names no host": not host,
        "has spaces or characters that no URL has": not is_token(value) or "\\" in value,
        "has a port that no server has": port == 0,
        "names a user or a password (before @), which is never sent": "@" in parts.netloc,
        "has a query (after ?), in which the paths of all calls would be lost": "?" in value,
        "has a fragment (after #), in which the paths of all calls would be lost": "#" in value,
        "has an empty part, or a part that is . or .., in its path": _ODD_PART.search(unquote(parts.path)) is not None,
    }
    return next((problem for problem, found in problems.items() if found), None)


def path_segment(identifier: str) -> str:
    r"""Percent-encode an id so that it stays one segment of a path.

    Raises ValueError: the id is empty, holds `\\`, or has a part between slashes that is `.` or `..`. Where a proxy
    decodes such an id, the request reaches another path.
    """
    if not identifier or "\\" in identifier or {".", ".."} & set(identifier.split("/")):
        raise ValueError("an id that can't be a path segment")
    return quote(identifier, safe="")


def is_token(value: str) -> bool:
    """Return whether a value can stand in a header: printable ASCII without spaces, and not empty."""
    return _TOKEN.fullmatch(value) is not None
