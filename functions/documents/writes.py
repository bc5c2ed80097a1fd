"""A conditional write as data, and its form as a request to the Document API."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any

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
    update, names, used = _expressions(
        tuple(write.sets), tuple(write.removes), tuple(write.adds), tuple(write.deletes), write.condition
    )
    given = {**write.given, **write.sets, **write.adds, **write.deletes}
    values = {f":{name}": _value(value) for name, value in given.items() if name in used}
    return {
        "TableName": table,
        "Key": {"key": {"S": write.key}},
        "UpdateExpression": update,
        "ExpressionAttributeNames": dict(names),
        **({"ExpressionAttributeValues": values} if values else {}),
        **({"ConditionExpression": write.condition} if write.condition else {}),
    }


@lru_cache(maxsize=256)  # a batch's writes have few shapes
def _expressions(
    sets: tuple[str, ...], removes: tuple[str, ...], adds: tuple[str, ...], deletes: tuple[str, ...], condition: str
) -> tuple[str, Mapping[str, str], frozenset[str]]:
    """Return the update expression, the names for it and the condition, and the placeholders that both use."""
    clauses = [
        ("SET", ", ".join(f"#{name} = :{name}" for name in sets)),
        ("REMOVE", ", ".join(f"#{name}" for name in removes)),
        ("ADD", ", ".join(f"#{name} :{name}" for name in adds)),
        ("DELETE", ", ".join(f"#{name} :{name}" for name in deletes)),
    ]
    update = " ".join(f"{verb} {what}" for verb, what in clauses if what)
    names = sorted({name for text in (update, condition) for name in re.findall(r"#(\w+)", text)})
    return update, {f"#{name}": name for name in names}, frozenset(_PLACEHOLDER.findall(f"{update} {condition}"))


def _value(value: Any) -> Any:
    """Return the value as the Document API writes it; floats to the thousandth.

    boto3's serializer does this as well, and takes four times as long.

    Raises TypeError: the ledger keeps no such values.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case Decimal() if value.is_finite():
            return {"N": str(value)}
        case float() if isfinite(value):
            return {"N": str(round(value, 3))}
        case None:
            return {"NULL": True}
        case set() | frozenset() if value and all(isinstance(each, str) for each in value):
            return {"SS": list(value)}
        case dict():
            return {"M": {name: _value(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [_value(inner) for inner in value]}
    raise TypeError(f"the ledger keeps no {type(value).__name__} like this")
