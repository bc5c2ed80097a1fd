"""The Document API as the ledger's client sees it: conditional writes, transactions, and writes that go astray."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.expressions import BadExpression, Item, Update, compile_update
from tests.simulation.records import number

if TYPE_CHECKING:
    from tests.simulation.process import Task
    from tests.simulation.world import World

NAME = "aistudio.ledger"
_TABLE = next(table for table in json.loads(files("documents").joinpath("tables.json").read_text())["tables"])
INDEXES = {index["name"]: (index["key"], index["range"]) for index in _TABLE["indexes"]}
LAG = 60.0
"""Seconds by which an index may be behind its table."""
_PAGE = 2
"""Items of a page: the service may give fewer than it was asked for."""
_REFUSED = "ConditionalCheckFailedException"


class Unstored(Exception):
    """The bucket did not confirm that it has an object."""


def failure(code: str, **more: Any) -> ClientError:
    """What boto3 raises for an answer with this code."""
    answer: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(answer, "operation")


def silence() -> ReadTimeoutError:
    """What boto3 raises where no answer came."""
    return ReadTimeoutError(endpoint_url="simulated")


class Table:
    """One table. `items` are replaced, never changed; `late` are writes that are still on their way."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.items: dict[str, Item] = {}
        self.late: list[tuple[Sequence[Mapping[str, Any]], Task]] = []
        self.versions: list[tuple[float, str, Item]] = []  # what was written, and when; empty: removed

    def get_item(self, *, TableName: str, Key: Any, ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803 - boto3's
        """One item, as it is now."""
        if TableName != NAME or not ConsistentRead:
            self._world.violation("a read of the ledger is not consistent")
        return self._world.perform("read", "reads", partial(self._get, Key["key"]["S"]))

    def _get(self, key: str, fault: str) -> dict[str, Any]:
        if fault:
            raise silence() if fault == "timeout" else failure("ThrottlingException")
        item = self.items.get(key)
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Up to 100 items."""
        wanted = RequestItems[NAME]
        keys = [key["key"]["S"] for key in wanted["Keys"]]
        if not wanted["ConsistentRead"]:
            self._world.violation("a read of the ledger is not consistent")
        if len(keys) > 100 or len(set(keys)) < len(keys):
            self._world.violation("BatchGetItem: over 100 keys, or one of them twice")
        return self._world.perform("read", "reads", partial(self._get_all, keys))

    def _get_all(self, keys: Sequence[str], fault: str) -> dict[str, Any]:
        if fault in ("timeout", "throttled"):
            raise silence() if fault == "timeout" else failure("ProvisionedThroughputExceededException")
        left = keys[len(keys) // 2 :] if fault == "partial" else []
        got = [self.items[key] for key in keys if key not in left and key in self.items]
        unprocessed = {NAME: {"Keys": [{"key": {"S": key}} for key in left], "ConsistentRead": True}} if left else {}
        return {"Responses": {NAME: got}, "UnprocessedKeys": unprocessed}

    def query(self, *, IndexName: str, ExpressionAttributeValues: Any, **request: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """A page of an index."""
        values = {name: value["S"] for name, value in ExpressionAttributeValues.items()}
        effect = partial(self._query, INDEXES[IndexName], values, request.get("ExclusiveStartKey"))
        return self._world.perform("query", f"looks at {IndexName}", effect)

    def _query(self, index: tuple[str, str], values: Mapping[str, str], after: Any, fault: str) -> dict[str, Any]:
        if fault in ("throttled", "timeout"):
            raise silence() if fault == "timeout" else failure("ThrottlingException")
        key, range_ = index
        items = self.at(self._world.t - LAG) if fault == "stale" else self.items
        found = [item for item in items.values() if item.get(key) == {"S": values[":key"]} and range_ in item]
        found = [item for item in found if ":range" not in values or item[range_]["S"] <= values[":range"]]
        found.sort(key=lambda item: (item[range_]["S"], item["key"]["S"]))
        if after:
            behind = (after[range_]["S"], after["key"]["S"])
            found = [item for item in found if (item[range_]["S"], item["key"]["S"]) > behind]
        page = found[:_PAGE]
        last = {name: page[-1][name] for name in ("key", key, range_)} if len(found) > _PAGE else {}
        return {"Items": page, "Count": len(page), **({"LastEvaluatedKey": last} if last else {})}

    def at(self, time: float) -> dict[str, Item]:
        """All items as they were at a time."""
        then: dict[str, Item] = {}
        for when, key, item in self.versions:
            if when > time:
                break
            then[key] = item
        return then

    def update_item(self, **request: Any) -> dict[str, Any]:
        """One conditional write."""
        effect = partial(self._update, [request], partial(failure, _REFUSED), "TransactionConflictException")
        return self._world.perform("write", _label([request]), effect)

    def transact_write_items(self, *, TransactItems: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Up to 25 conditional writes, all or none."""
        requests = [item["Update"] for item in TransactItems]
        keys = {request["Key"]["key"]["S"] for request in requests}
        if len(requests) > 25 or len(keys) < len(requests):
            self._world.violation("TransactWriteItems: over 25 writes, or a key twice")
            raise failure("ValidationException")
        effect = partial(self._update, requests, partial(_cancelled, self, requests), "TransactionCanceledException")
        return self._world.perform("write", _label(requests), effect)

    def _update(self, requests: Sequence[Any], refusal: Any, conflict: str, fault: str) -> dict[str, Any]:
        if fault:
            self._world.checker.retries.failed([request["Key"]["key"]["S"] for request in requests])
        if fault == "throttled":
            raise failure("ProvisionedThroughputExceededException")
        if fault == "conflict":
            reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in requests[1:])]
            raise failure(conflict, CancellationReasons=reasons)
        if fault == "late":
            self.late.append((requests, self._world.current))
        if fault in ("late", "lost"):
            raise silence()
        applied = self.apply(requests)
        if fault == "twice":
            applied = self.apply(requests)
        if fault == "unseen":
            raise silence()
        if not applied:
            raise refusal()
        return {}

    def apply(self, requests: Sequence[Mapping[str, Any]]) -> bool:
        """Carry out a write or a transaction; whether its conditions held."""
        compiled = [self._compile(request) for request in requests]
        keys = [request["Key"]["key"]["S"] for request in requests]
        for request, update, key in zip(requests, compiled, keys, strict=True):
            if not update.test(self.items.get(key, {}), request.get("ExpressionAttributeValues", {})):
                return False
        for request, update, key in zip(requests, compiled, keys, strict=True):
            old = self.items.get(key, {})
            new = update.apply(old or {"key": {"S": key}}, request.get("ExpressionAttributeValues", {}))
            self.items[key] = new
            self.versions.append((self._world.t, key, new))
            self._world.checker.written(key, old, new, stated=any(name == "state" for name, _ in update.sets))
        return True

    def expired(self) -> list[str]:
        """The records whose expiry has passed: the table removes them, some time or other."""
        now = self._world.t
        return [key for key, item in self.items.items() if "expires_at" in item and number(item, "expires_at") < now]

    def remove(self, key: str) -> None:
        """Remove a record."""
        self._world.checker.lapsed(key)
        self.versions.append((self._world.t, key, {}))
        del self.items[key]

    def holds(self, request: Mapping[str, Any]) -> bool:
        """Whether a write's condition holds now."""
        item = self.items.get(request["Key"]["key"]["S"], {})
        return self._compile(request).test(item, request.get("ExpressionAttributeValues", {}))

    def _compile(self, request: Mapping[str, Any]) -> Update:
        try:
            return compile_update(
                request["UpdateExpression"],
                request.get("ConditionExpression", ""),
                tuple(request["ExpressionAttributeNames"].items()),
                tuple(request.get("ExpressionAttributeValues", ())),
            )
        except BadExpression as error:
            self._world.violation(f"the service would refuse this write: {error}")
            raise failure("ValidationException") from None


def _cancelled(table: Table, requests: Sequence[Any]) -> ClientError:
    codes = ["None" if table.holds(request) else "ConditionalCheckFailed" for request in requests]
    return failure("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def _label(requests: Sequence[Any]) -> str:
    """What is written, for the trace: the state, or else what the write is for."""
    told = []
    for request in requests:
        values = request.get("ExpressionAttributeValues", {})
        word = values.get(":state", values.get(":dlq"))
        told.append(word["S"] if word else "hold" if ":hold" in values else "watermark")
    return "writes " + "+".join(told)
