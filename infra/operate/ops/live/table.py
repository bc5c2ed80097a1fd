"""Probes of the table: what the Document API does where its documentation is silent."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.operate.ops.environments import Reach

READS = 20
"""How often a write is read back at once."""


def _name_in_batch(reach: Reach) -> str:
    asked: Any = {reach.table: {"Keys": [{"key": {"S": str(uuid.uuid4())}}], "ConsistentRead": True}}
    names = list(reach.dynamodb.batch_get_item(RequestItems=asked)["Responses"])
    if not names:
        return "none, where nothing is found"
    return "as asked" if names == [reach.table] else f"another, of {names[0].count('/')} slashes"


def _own_writes(reach: Reach) -> str:
    seen = 0
    with _Item(reach) as item:
        for number in range(READS):
            item.update("SET #n = :n", {"#n": "n"}, {":n": {"N": str(number)}})
            seen += item.read().get("n") == {"N": str(number)}
    return f"{seen} of {READS} consistent reads show the write before"


def _unequal_missing(reach: Reach) -> str:
    with _Item(reach) as item:
        try:
            item.update("SET #n = :n", {"#n": "n", "#lost": "lost"}, {":n": {"N": "1"}}, "#lost <> :n")
        except ClientError as error:
            return f"a missing attribute is not unequal ({error.response['Error']['Code']})"
    return "a missing attribute is unequal"


def _cancelled(reach: Reach) -> Any:
    with _Item(reach) as one, _Item(reach) as other:
        try:
            reach.dynamodb.transact_write_items(
                TransactItems=[
                    {"Update": one.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}})},
                    {"Update": other.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}}, "attribute_exists(#n)")},
                ]
            )
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons") or []
            return {"code": error.response["Error"]["Code"], "reasons": [each.get("Code") for each in reasons]}
    return "the transaction was not cancelled"


def _old_item(reach: Reach) -> str:
    with _Item(reach) as item:
        item.update("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}})
        wanted = item.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "2"}}, "attribute_not_exists(#n)")
        try:
            reach.dynamodb.update_item(**wanted, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ClientError as error:
            there = "with" if error.response.get("Item") else "without"
            return f"{error.response['Error']['Code']}, {there} the old item"
    return "the condition was not honoured"


class _Item:
    """An item of its own in the ledger's table, gone after the block."""

    def __init__(self, reach: Reach) -> None:
        self._client = reach.dynamodb
        self._where: Any = {"TableName": reach.table, "Key": {"key": {"S": f"probe#{uuid.uuid4()}"}}}

    def __enter__(self) -> "_Item":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.delete_item(**self._where)

    def write(self, update: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str = "") -> Any:
        """The arguments of an update."""
        more = {"ConditionExpression": condition} if condition else {}
        expressions = {"ExpressionAttributeNames": dict(names), "ExpressionAttributeValues": dict(values)}
        return {**self._where, "UpdateExpression": update, **expressions, **more}

    def update(self, update: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str = "") -> None:
        """Carry it out. Raises ClientError."""
        self._client.update_item(**self.write(update, names, values, condition))

    def read(self) -> dict[str, Any]:
        """The item as a consistent read shows it."""
        return dict(self._client.get_item(**self._where, ConsistentRead=True).get("Item", {}))


TABLE: Mapping[str, Callable[[Reach], Any]] = {
    "how BatchGetItem names the table": _name_in_batch,
    "whether ConsistentRead is honoured": _own_writes,
    "what <> says of a missing attribute": _unequal_missing,
    "which record a cancelled transaction names": _cancelled,
    "what a refused write returns": _old_item,
}
