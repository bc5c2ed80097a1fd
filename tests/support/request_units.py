"""Request units of the Document API, by its price list.

Reading costs 1 request unit for each 4 KB, a write 2 for each KB, a write in a transaction 4 for each KB
(https://yandex.cloud/en/docs/ydb/pricing/ydb-docapi). infra/README.md says what retention costs by it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any


def size_of(item: Mapping[str, Any]) -> int:
    """The bytes of an item: its names and its values."""
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: Any) -> int:
    ((kind, inner),) = value.items()
    if kind == "M":
        return size_of(inner)
    return (
        sum(map(_size, inner))
        if kind == "L"
        else sum(map(len, inner))
        if kind.endswith("S") and kind != "S"
        else len(str(inner))
    )


def cost(operation: str, document: Mapping[str, Any], size: Callable[[str], int]) -> float:
    """The request units of one request; `size` says how many bytes the item of a key has now. A query reads more: its page."""

    def blocks(key: Mapping[str, Any], block: int) -> int:
        return max(1, math.ceil(size(key["key"]["S"]) / block))

    if operation == "GetItem":
        return blocks(document["Key"], 4096)
    if operation == "BatchGetItem":
        return sum(blocks(key, 4096) for asked in document["RequestItems"].values() for key in asked["Keys"])
    if operation == "UpdateItem":
        return 2 * blocks(document["Key"], 1024)
    if operation == "TransactWriteItems":
        return sum(4 * blocks(each["Update"]["Key"], 1024) for each in document["TransactItems"])
    assert operation == "Query", operation
    return 1
