"""A conditional write as data, and its form as a request to the Document API."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer

_PLACEHOLDER = re.compile(r"[#:](\w+)")


@dataclass(frozen=True, slots=True)
class Write:
    """One conditional update of one record. `given` are values for the condition; unused values are left out.

    `beside` are writes of other records in the same transaction: all of them are applied, or none.
    """

    key: str
    sets: Mapping[str, Any]
    condition: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    removes: Sequence[str] = ()
    adds: Mapping[str, Any] = field(default_factory=dict)
    deletes: Mapping[str, Any] = field(default_factory=dict)
    beside: "tuple[Write, ...]" = ()

    @property
    def all(self) -> "tuple[Write, ...]":
        """Return the write and those beside it."""
        return (self, *self.beside)


def request(table: str, write: Write) -> Any:
    """Make the arguments of UpdateItem, or of an Update in a transaction, for this write."""
    clauses = [
        ("SET", ", ".join(f"#{name} = :{name}" for name in write.sets)),
        ("REMOVE", ", ".join(f"#{name}" for name in write.removes)),
        ("ADD", ", ".join(f"#{name} :{name}" for name in write.adds)),
        ("DELETE", ", ".join(f"#{name} :{name}" for name in write.deletes)),
    ]
    update = " ".join(f"{verb} {what}" for verb, what in clauses if what)
    given = {**write.given, **write.sets, **write.adds, **write.deletes}
    used = set(_PLACEHOLDER.findall(f"{update} {write.condition}"))
    serialize = TypeSerializer().serialize
    values = {f":{name}": serialize(_storable(value)) for name, value in given.items() if name in used}
    return {
        "TableName": table,
        "Key": {"key": {"S": write.key}},
        "UpdateExpression": update,
        "ExpressionAttributeNames": {f"#{name}": name for name in _names(update, write.condition)},
        **({"ExpressionAttributeValues": values} if values else {}),
        **({"ConditionExpression": write.condition} if write.condition else {}),
    }


def _names(*expressions: str) -> list[str]:
    return sorted({name for text in expressions for name in re.findall(r"#(\w+)", text)})


def _storable(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(round(value, 3)))
    if isinstance(value, dict):
        return {name: _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list) else value
