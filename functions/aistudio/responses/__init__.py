"""Stored responses: delete one, or ask whether it is there."""

import re
from typing import Annotated

from pydantic import AfterValidator

from aistudio.api import API
from aistudio.config import path_segment
from aistudio.errors import APIError
from aistudio.responses.delete import Deletion, deletion
from aistudio.responses.get import Existence, existence

__all__ = ["Deletion", "Existence", "ResponseId", "Responses"]


def _loosely_an_id(value: str) -> str:
    if not re.fullmatch(r"[^\\\x00-\x20\x7f]{1,512}", value) or {".", ".."} & set(value.split("/")):
        raise ValueError(
            "an id has 1 to 512 characters, no backslash, space or control character, and no part that is . or .."
        )
    return value


ResponseId = Annotated[str, AfterValidator(_loosely_an_id)]
"""A stored response's id as messages give it.

Seen are UUIDs and their near relatives, and from proxies base64 of up to 325 characters, slashes included: only what
could change the URL, or the size of a key, is refused.
"""


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
        found = deletion(self._api.call("DELETE", path, timeout=timeout, idempotent=True), response_id)
        if isinstance(found, APIError):
            raise found
        return found

    def exists(self, response_id: str, timeout: float) -> Existence:
        """Ask whether a response is stored.

        Raises:
            APIError: one of its subclasses, where the API says neither yes nor no.
            ValueError: for an id that can't be a segment of a path; nothing was sent.
        """
        path = f"/responses/{path_segment(response_id)}"
        found = existence(self._api.call("GET", path, timeout=timeout, idempotent=True), response_id)
        if isinstance(found, APIError):
            raise found
        return found
