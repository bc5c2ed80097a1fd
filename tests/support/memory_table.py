"""A table in memory with its indexes, as the ledger's client sees it: for tests with more records than a server is quick with."""

from bisect import bisect, insort
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.expressions import Item, compile_update


class MemoryTable:
    """Answers the requests that `documents` makes; `asked` is told of each before it is answered."""

    def __init__(self, asked: Callable[[], object] = lambda: None) -> None:
        self.items: dict[str, Item] = {}
        self._asked = asked
        self._places: dict[tuple[str, str, str], list[tuple[str, str]]] = {}

    def get_item(self, *, Key: Any, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """One item."""
        self._asked()
        found = self.items.get(Key["key"]["S"])
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Up to 100 items."""
        self._asked()
        ((table, wanted),) = RequestItems.items()
        found = [self.items.get(key["key"]["S"]) for key in wanted["Keys"]]
        return {"Responses": {table: [item for item in found if item]}, "UnprocessedKeys": {}}

    def query(
        self,
        *,
        ExpressionAttributeNames: Mapping[str, str],  # noqa: N803 - boto3's
        ExpressionAttributeValues: Mapping[str, Any],  # noqa: N803 - boto3's
        Limit: int,  # noqa: N803 - boto3's
        ExclusiveStartKey: Mapping[str, Any] | None = None,  # noqa: N803 - boto3's
        **_: Any,
    ) -> dict[str, Any]:
        """One page of an index: what it has up to a range, in its order."""
        self._asked()
        key, ranged = ExpressionAttributeNames["#key"], ExpressionAttributeNames.get("#range", "created_at")
        value, until = ExpressionAttributeValues[":key"], ExpressionAttributeValues.get(":range", {"S": "~"})["S"]

        after = (ExclusiveStartKey[ranged]["S"], ExclusiveStartKey["key"]["S"]) if ExclusiveStartKey else ("", "")
        places = self._places_of(key, ranged, value["S"])
        found = places[bisect(places, after) : bisect(places, (until, "~"))]
        page = [self.items[name] for _, name in found[:Limit]]
        last = {name: page[-1][name] for name in ("key", key, ranged)} if len(found) > Limit else {}
        return {"Items": page, "Count": len(page), **({"LastEvaluatedKey": last} if last else {})}

    def _places_of(self, key: str, ranged: str, value: str) -> list[tuple[str, str]]:
        """Range and key of what an index has under a value, in order."""
        if (key, ranged, value) not in self._places:
            known = (_place(item, key, ranged, value) for item in self.items.values())
            self._places[key, ranged, value] = sorted(filter(None, known))
        return self._places[key, ranged, value]

    def update_item(self, **request: Any) -> dict[str, Any]:
        """One conditional write."""
        self._asked()
        if not self._holds(request):
            raise _error("ConditionalCheckFailedException")
        self._apply(request)
        return {}

    def transact_write_items(self, *, TransactItems: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Up to 25 conditional writes, all or none."""
        self._asked()
        requests = [item["Update"] for item in TransactItems]
        told = [self._holds(request) for request in requests]
        if not all(told):
            reasons = [{"Code": "None" if holds else "ConditionalCheckFailed"} for holds in told]
            raise _error("TransactionCanceledException", CancellationReasons=reasons)
        for request in requests:
            self._apply(request)
        return {}

    def _holds(self, request: Mapping[str, Any]) -> bool:
        item = self.items.get(request["Key"]["key"]["S"], {})
        return bool(_compiled(request).test(item, request.get("ExpressionAttributeValues", {})))

    def _apply(self, request: Mapping[str, Any]) -> None:
        key = request["Key"]["key"]["S"]
        old = self.items.get(key, {"key": {"S": key}})
        new = self.items[key] = _compiled(request).apply(old, request.get("ExpressionAttributeValues", {}))
        for (name, ranged, value), places in self._places.items():
            was, is_ = (_place(item, name, ranged, value) for item in (old, new))
            if was == is_:
                continue
            if was is not None:
                del places[bisect(places, was) - 1]
            if is_ is not None:
                insort(places, is_)


def _place(item: Item, key: str, ranged: str, value: str) -> tuple[str, str] | None:
    """Range and key of an item under a value of an index; None where the index does not have it there."""
    there = item.get(key) == {"S": value} and ranged in item
    return (item[ranged]["S"], item["key"]["S"]) if there else None


def _compiled(request: Mapping[str, Any]) -> Any:
    return compile_update(
        request["UpdateExpression"],
        request.get("ConditionExpression", ""),
        tuple(request["ExpressionAttributeNames"].items()),
        tuple(request.get("ExpressionAttributeValues", ())),
    )


def _error(code: str, **more: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(answer, "operation")
