"""The Responses API: create, get, cancel and delete responses, and list their input items."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, WithJsonSchema

from aistudio.answers import Answer, Failure
from aistudio.api import API
from aistudio.config import path_segment
from aistudio.exceptions import APIError, OutcomeUnknown
from aistudio.responses.cancel import cancelled, settled, was_refused
from aistudio.responses.create import Learned, Told, created, with_clues
from aistudio.responses.delete import Deletion, deletion
from aistudio.responses.get import Existence, existence, got
from aistudio.responses.input_items import InputItems, Order, Page, Pages, page
from aistudio.responses.response import Absent, Response, is_id

__all__ = ["Absent", "Deletion", "Existence", "InputItems", "Order", "Response", "ResponseId", "Responses"]

T = TypeVar("T")


def _loosely_an_id(value: str) -> str:
    if not is_id(value):
        raise ValueError(
            "an id has 1 to 512 characters, no backslash, space or control character, and no part that is . or .."
        )
    return value


_PATTERN = r"^(?!(?:.*/)?\.\.?(?:/|$))[^\\\x00-\x20\x7f]*$"
ResponseId = Annotated[
    str,
    AfterValidator(_loosely_an_id),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 512, "pattern": _PATTERN}),
]
"""A stored response's id in a message."""


class Responses:
    """The Responses API of one folder.

    `timeout` is the most seconds that a call may take. Every method raises subclasses of APIError, and ValueError for
    an id that can't be a segment of a path, before anything is sent. All methods but `create` may be repeated.
    """

    def __init__(self, api: API) -> None:
        self._api = api

    def create(self, body: Mapping[str, Any], timeout: float, learned: Learned | None = None) -> Response:
        """Create a response. `body` is the API's own, sent unchanged. A second call bills a second response.

        With `stream` in the body the answer is read as events; the returned response is equal either way. An error that
        comes after the service named the response has its id in `response_id`; an unknown outcome without an id says
        what to look the response up by, where it may be stored. `learned` is called with the id, once, as soon as the
        service names it.
        """
        called_at, told = self._api.now(), Told(learned) if body.get("stream") else None
        answer = self._api.call(
            "POST",
            "/responses",
            timeout=timeout,
            idempotent=False,
            body=body,
            accept="application/json" if told is None else "text/event-stream, application/json",
            enough=None if told is None else told.feed,
        )
        response = created(answer, told)
        named = response.response_id if isinstance(response, APIError) else response.id
        if isinstance(response, OutcomeUnknown) and named is None and body.get("store") is not False:
            response = with_clues(response, called_at)
        if learned is not None and named is not None and (told is None or not told.begun):
            learned(named)
        return _or_raise(response)

    def get(self, response_id: str, timeout: float) -> Response | Absent:
        """Get a stored response in its present state."""
        found = got(self._call("GET", response_id, timeout), response_id)
        if isinstance(found, APIError):
            raise found
        return found

    def exists(self, response_id: str, timeout: float) -> Existence:
        """Return whether a response is stored."""
        return _or_raise(existence(self._call("GET", response_id, timeout), response_id))

    def cancel(self, response_id: str, timeout: float, *, where_possible: bool = False) -> Response | Absent:
        """Cancel a response that runs in the background, and return it in its state after that.

        A response that is over stays as it was. Where the service refuses to cancel, the response is fetched.
        `where_possible`: one that does not run in the background is returned as it is.

        Raises Rejected: the response does not run in the background.
        """
        deadline = self._api.monotonic() + timeout
        answer = self._call("POST", response_id, timeout, "/cancel")
        found = cancelled(answer, response_id)
        if isinstance(found, APIError) and was_refused(answer):
            response = self.get(response_id, deadline - self._api.monotonic())
            found = settled(found, response, where_possible=where_possible)
        if isinstance(found, APIError):
            raise found
        return found

    def delete(self, response_id: str, timeout: float) -> Deletion:
        """Delete a stored response, if it can be deleted now."""
        return _or_raise(deletion(self._call("DELETE", response_id, timeout), response_id))

    def input_items(
        self,
        response_id: str,
        timeout: float,
        *,
        limit: int | None = None,
        order: Order = "desc",
        after: str | None = None,
    ) -> InputItems | Absent:
        """List a response's input items page by page, all or at most `limit`, beginning behind the item `after`."""
        deadline = self._api.monotonic() + timeout
        pages = Pages(limit, order, after)
        while True:
            left = deadline - self._api.monotonic()
            read = page(self._call("GET", response_id, left, f"/input_items?{pages.query}"), response_id)
            if isinstance(read, APIError):
                raise read
            whole = pages.take(read) if isinstance(read, Page) else read
            if whole is not None:
                return whole

    def _call(self, method: str, response_id: str, timeout: float, rest: str = "") -> Answer | Failure:
        path = f"/responses/{path_segment(response_id)}{rest}"
        return self._api.call(method, path, timeout=timeout, idempotent=True)


def _or_raise(found: T | APIError) -> T:
    if isinstance(found, APIError):
        raise found
    return found
