"""Stored responses: delete one, or ask whether it is there.

https://yandex.cloud/en/docs/ai-studio/responses/deleteResponse
"""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from aistudio.api import API
from aistudio.config import path_segment
from aistudio.errors import Trace


def _loosely_an_id(value: str) -> str:
    if not re.fullmatch(r"[^/\\\x00-\x20\x7f]{1,200}", value) or value in {".", ".."}:
        raise ValueError(
            "an id has 1 to 200 characters, no slash, backslash, space or control character, and is no path"
        )
    return value


ResponseId = Annotated[str, AfterValidator(_loosely_an_id)]
"""A stored response's id as messages give it: seen are UUIDs and near relatives, so only what could change the URL,
or the size of a key, is refused."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A response is gone. `absent`: the API answered 404, which doesn't say who deleted it or when."""

    absent: bool
    trace: Trace


@dataclass(frozen=True, slots=True)
class Existence:
    """What the API says of a response's being stored."""

    exists: bool
    trace: Trace


class Responses:
    """The Responses API of one folder, as far as deletion needs it."""

    def __init__(self, api: API) -> None:
        self._api = api

    def delete(self, response_id: str, timeout: float) -> Deletion:
        """Delete a stored response; may be repeated at will. `timeout` is the seconds the whole call may take.

        Raises:
            APIError: one of its subclasses.
            ValueError: for an id that can't be a segment of a path; nothing was sent.
        """
        path = f"/responses/{path_segment(response_id)}"
        reply = self._api.call("DELETE", path, timeout=timeout, idempotent=True, resource=response_id)
        return Deletion(reply.absent, reply.trace)

    def exists(self, response_id: str, timeout: float) -> Existence:
        """Ask whether a response is stored: 200 says yes, the API's own 404 no; anything else is raised.

        Raises:
            APIError: one of its subclasses.
            ValueError: for an id that can't be a segment of a path; nothing was sent.
        """
        path = f"/responses/{path_segment(response_id)}"
        reply = self._api.call("GET", path, timeout=timeout, idempotent=True, resource=response_id)
        return Existence(not reply.absent, reply.trace)
