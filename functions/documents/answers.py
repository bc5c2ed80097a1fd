"""Read the Document API's answers strictly.

An answer that leaves something out, names another table, or holds an item that was not asked for is unreadable. Read
loosely it would mean "there is no such record", and so allow what a record forbids.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

REFUSED = "ConditionalCheckFailed"
_REASONS = frozenset(
    {
        "None",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "ValidationError",
        "ItemCollectionSizeLimitExceeded",
    }
)
"""Why a write cancels its transaction, beside a refusal
(https://yandex.cloud/en/docs/ydb/docapi/api-ref/actions/transactWriteItems)."""

_LARGEST = Decimal("1E+126")
"""Larger than any number of the service's. Python takes very long to write out a much larger number."""


class Unreadable(Exception):
    """The answer does not fit the request. The text says how, without content."""


def one_item(answer: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Return the attributes that GetItem found under this key; None where there is no item. Raises Unreadable."""
    if "Item" not in answer:
        return None
    return _items([answer["Item"]], {key})[key]


def many_items(
    answer: Mapping[str, Any], table: str, asked: Collection[str]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the items that BatchGetItem found, by key, and the keys that it left undone. Raises Unreadable."""
    left = _unprocessed(answer.get("UnprocessedKeys") or {}, table, set(asked))
    tables = answer.get("Responses")
    if not isinstance(tables, Mapping):
        raise Unreadable("no Responses")
    nothing_done = not tables and len(left) == len(asked)
    if not nothing_done and tables.keys() != {table}:
        raise Unreadable("Responses of another table, or of none")
    return _items(tables.get(table, []), set(asked) - set(left)), left


def refused(error: Mapping[str, Any], count: int) -> list[bool] | None:
    """Return for each write of a cancelled transaction whether its condition refused it; None where none is told.

    A cancelled transaction has applied nothing.
    """
    reasons = error.get("CancellationReasons")
    if not isinstance(reasons, Sequence) or len(reasons) != count:
        return None
    codes = [str(reason.get("Code")) if isinstance(reason, Mapping) else "" for reason in reasons]
    if not all(code in _REASONS or code.startswith(REFUSED) for code in codes):
        return None
    return [code.startswith(REFUSED) for code in codes]


def attributes(item: Any) -> dict[str, Any]:
    """Return an item's attributes, its key among them. Raises Unreadable."""
    try:
        found = {name: _value(value) for name, value in item.items()}
        keyed = isinstance(found["key"], str)
    except (AttributeError, LookupError, TypeError, ValueError, InvalidOperation):
        keyed = False
    if not keyed:
        raise Unreadable("an item without its key, or with values of another shape")
    return found


def _value(value: Any) -> Any:
    """Read a value as the Document API writes it: numbers become Decimal, bytes stay as they are given.

    Raises LookupError, TypeError, ValueError, InvalidOperation: it is none, or of another type than it says.
    """
    inner: Any
    ((kind, inner),) = value.items()
    if type(inner) is not _KINDS[kind] and kind != "B":
        raise TypeError("a value of another type than it says")
    match kind:
        case "S" | "BOOL" | "B":
            return inner
        case "N" if -_LARGEST < (number := Decimal(inner)) < _LARGEST:
            return number
        case "NULL":
            return None
        case "SS" if inner and all(type(each) is str for each in inner):  # the service keeps no empty ones
            return set(inner)
        case "NS" | "BS" if inner:
            return {_value({kind[0]: each}) for each in inner}
        case "L":
            return [_value(each) for each in inner]
        case "M":
            return {name: _value(each) for name, each in inner.items()}
    raise ValueError("no number, or a set of nothing, or of something else than it says")


_KINDS: dict[str, Any] = {"S": str, "N": str, "BOOL": bool, "NULL": bool, "B": bytes, "L": list, "M": dict}
_KINDS |= dict.fromkeys(("SS", "NS", "BS"), list)


def _unprocessed(given: Any, table: str, asked: set[str]) -> list[str]:
    if not given:
        return []
    try:
        ((name, wanted),) = given.items()
        keys: list[str] = [key["key"]["S"] for key in wanted["Keys"]]
        distinct = set(keys)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise Unreadable("UnprocessedKeys of another shape") from None
    if name != table or not keys or len(distinct) < len(keys) or not distinct <= asked:
        raise Unreadable("UnprocessedKeys that were not asked for")
    return keys


def _items(items: Any, asked: set[str]) -> dict[str, dict[str, Any]]:
    if not isinstance(items, Sequence):
        raise Unreadable("no list of items")
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        found_here = attributes(item)
        key = found_here["key"]
        if key not in asked or key in found:
            raise Unreadable("an item that was not asked for, or twice")
        found[key] = found_here
    return found
