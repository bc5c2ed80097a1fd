"""Queries of an index: what asks for a page of it, and what a page has to say to be taken for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from documents.answers import Unreadable, attributes

PAGE = 100
"""Records of a page at the most."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table: records by their attribute `key`, in the order of their attribute `range`, both texts."""

    name: str
    key: str
    range: str


@dataclass(frozen=True, slots=True)
class Query:
    """The records that an index has under `value`, up to the range `until`, included; all where it is None."""

    index: Index
    value: str
    until: str | None = None

    def place(self, key: str, range_: str) -> Mapping[str, Any]:
        """Name the place of the record with this key and range, as the service names places."""
        return {"key": {"S": key}, self.index.key: {"S": self.value}, self.index.range: {"S": range_}}

    def request(self, table: str, after: Mapping[str, Any] | None) -> Any:
        """Return the arguments of Query that ask for the page `after` this place, or for the first page."""
        asked = {"key": (self.index.key, self.value)}
        asked |= {"range": (self.index.range, self.until)} if self.until is not None else {}
        return {
            "TableName": table,
            "IndexName": self.index.name,
            "KeyConditionExpression": "#key = :key" + (" AND #range <= :range" if "range" in asked else ""),
            "ExpressionAttributeNames": {f"#{name}": attribute for name, (attribute, _) in asked.items()},
            "ExpressionAttributeValues": {f":{name}": {"S": value} for name, (_, value) in asked.items()},
            "Limit": PAGE,
            **({"ExclusiveStartKey": after} if after else {}),
        }

    def page(
        self, answer: Mapping[str, Any], after: Mapping[str, Any] | None
    ) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
        """Return the items of the page `after` this place, and where the next one begins: empty where this is the last.

        Raises Unreadable for an answer that is not about what was asked: what it hides would count as not there.
        """
        items = answer.get("Items")
        if not isinstance(items, Sequence) or answer.get("Count", len(items)) != len(items):
            raise Unreadable("no list of items, or another count of them")
        found = [attributes(item) for item in items]
        ranges = [str(item.get(self.index.range)) for item in found]
        beyond = self.until is not None and any(each > self.until for each in ranges)
        if beyond or any(item.get(self.index.key) != self.value or self.index.range not in item for item in found):
            raise Unreadable("an item that was not asked for")
        if ranges != sorted(ranges):
            raise Unreadable("items in another order")
        last = answer.get("LastEvaluatedKey") or {}
        if last and (last == after or not self._is_place(last)):
            raise Unreadable("LastEvaluatedKey of another page, or of another shape")
        return found, last

    def _is_place(self, place: Any) -> bool:
        named = {"key", self.index.key, self.index.range}
        return isinstance(place, Mapping) and place.keys() == named and place[self.index.key] == {"S": self.value}
