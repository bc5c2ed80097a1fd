"""GET /v1/responses/{response_id}/input_items: lists a response's input, page by page.

https://yandex.cloud/en/docs/ai-studio/responses/listInputItems
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from aistudio.answers import MAX_BODY, Answer, Failure, error_of
from aistudio.error_bodies import parse_object
from aistudio.exceptions import APIError, OutcomeUnknown, Trace
from aistudio.responses.not_found_texts import absence
from aistudio.responses.response import Absent, is_id

LONGEST_PAGE = 100
MAX_ITEMS = 4 * MAX_BODY
"""Bytes of all pages together. A longer list is cut; the next call goes on behind its last item."""

Order = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page. The next page begins behind `last_id`, which is None where the page names none that a URL can hold."""

    items: tuple[Any, ...]
    has_more: bool
    last_id: str | None
    size: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class InputItems:
    """The items in the order asked for, each once. `has_more`: there are items behind the last."""

    items: tuple[Any, ...]
    has_more: bool
    trace: Trace


class Pages:
    """Joins pages, and builds the query of the next page."""

    def __init__(self, limit: int | None, order: Order, after: str | None) -> None:
        self._limit, self._order, self._after = limit, order, after
        self._items: list[Any] = []
        self._ids: set[str] = set()
        self._cursors = {after} if after else set()
        self._size = 0

    @property
    def query(self) -> str:
        """The query of the next page's request."""
        wanted = LONGEST_PAGE if self._limit is None else min(LONGEST_PAGE, self._limit - len(self._items))
        asked = {"limit": str(wanted), "order": self._order}
        return urlencode(asked | ({"after": self._after} if self._after else {}))

    def take(self, page: Page) -> InputItems | None:
        """Add a page. Returns the whole list where nothing follows, or where the page's last id has come before."""
        self._items += self._new(page.items)
        self._size += page.size
        room = None if self._limit is None else self._limit - len(self._items)
        full = (room is not None and room <= 0) or self._size >= MAX_ITEMS
        if not page.has_more or full or page.last_id is None or page.last_id in self._cursors:
            cut = room is not None and room < 0
            return InputItems(tuple(self._items[: self._limit]), page.has_more or cut, page.trace)
        self._after = page.last_id
        self._cursors.add(page.last_id)
        return None

    def _new(self, items: tuple[Any, ...]) -> Iterator[Any]:
        for item in items:
            name = item.get("id") if isinstance(item, Mapping) else None
            if isinstance(name, str):
                if name in self._ids:
                    continue
                self._ids.add(name)
            yield item


def page(outcome: Answer | Failure, response_id: str) -> Page | Absent | APIError:
    """Return one page, Absent where there is no such response, or the error."""
    error = absence(outcome, response_id) or error_of(outcome, idempotent=True)
    if error is not None or isinstance(outcome, Failure):
        return error or OutcomeUnknown("no answer", outcome.trace)
    said = parse_object(outcome.body) or {}
    items = said.get("data")
    if outcome.status != 200 or not isinstance(items, list):
        return OutcomeUnknown(f"HTTP {outcome.status}, but the body is not a list of items", outcome.trace)
    last = items[-1].get("id") if items and isinstance(items[-1], Mapping) else None
    named = [each for each in (said.get("last_id"), last) if isinstance(each, str) and is_id(each)]
    last_id = named[0] if named else None
    return Page(tuple(items), said.get("has_more") is True, last_id, len(outcome.body), outcome.trace)
