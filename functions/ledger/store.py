"""Reads and conditional writes on the Document API, with its refusals and failures told apart.

The subset used is the one that YDB documents (reference: platform, section 4): no old item on a refused write,
no client request token, consistent reads, at most 25 writes in a transaction.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from ledger.row import Row

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READ_AT_ONCE = 100
WRITE_AT_ONCE = 25
_ROUNDS = 4
_AWAY = 3

_PLACEHOLDER = re.compile(r"[#:](\w+)")
_REFUSED = "ConditionalCheckFailed"

_log = logging.getLogger(__name__)


class LedgerUnavailable(Exception):
    """The ledger could not be read or written in time: what was written is not known."""


class Written(Enum):
    """How a conditional write ended. ``UNKNOWN``: it may have been applied, or may be yet."""

    YES = "yes"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Write:
    """One conditional update of one row. ``given`` are values that only the condition names."""

    key: str
    sets: Mapping[str, Any]
    condition: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    removes: Sequence[str] = ()
    adds: Mapping[str, Any] = field(default_factory=dict)
    deletes: Mapping[str, Any] = field(default_factory=dict)


class Store:
    """One table of the Document API."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, key: str) -> Row:
        """The row as it is now (consistent read), an empty one where there is none.

        Raises:
            LedgerUnavailable: it could not be read.
        """
        try:
            answer = self._client.get_item(TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise LedgerUnavailable(_name(error)) from None
        item = answer.get("Item")
        return _row(item) if item else Row(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Row]:
        """The rows of these keys as they are now, 100 a request; absent ones are empty rows.

        Raises:
            LedgerUnavailable: not all could be read.
        """
        rows = {key: Row(key) for key in keys}
        every = list(rows)
        for at in range(0, len(every), READ_AT_ONCE):
            chunk = every[at : at + READ_AT_ONCE]
            wanted: Any = {self._table: {"Keys": [{"key": {"S": key}} for key in chunk], "ConsistentRead": True}}
            for _ in range(_ROUNDS):
                try:
                    answer = self._client.batch_get_item(RequestItems=wanted)
                except (ClientError, BotoCoreError) as error:
                    raise LedgerUnavailable(_name(error)) from None
                for item in answer["Responses"].get(self._table, []):
                    row = _row(item)
                    rows[row.key] = row
                wanted = answer.get("UnprocessedKeys")
                if not wanted:
                    break
            else:
                raise LedgerUnavailable("UnprocessedKeys")
        return rows

    def write(self, write: Write) -> Written:
        """Carry out one conditional write; transaction conflicts are tried again."""
        for _ in range(_ROUNDS):
            try:
                self._client.update_item(**self._update(write))
            except ClientError as error:
                code = _name(error)
                if code.startswith(_REFUSED):
                    return Written.REFUSED
                if not code.startswith("Transaction"):
                    return _unknown(error)
            except BotoCoreError as error:
                return _unknown(error)
            else:
                return Written.YES
        return Written.UNKNOWN

    def write_all(self, writes: Sequence[Write]) -> list[Written]:
        """Carry out independent conditional writes, one a row, 25 a transaction; how each ended, in order.

        A transaction is only the cheap way to send many: where one row's refusal or a conflict cancels it, the rest
        is sent again, and where its end is unknown each write is repeated alone, which its condition makes safe.
        """
        ends: dict[str, Written] = {}
        for at in range(0, len(writes), WRITE_AT_ONCE):
            left = list(writes[at : at + WRITE_AT_ONCE])
            for _ in range(_ROUNDS):
                if len(left) < 2:
                    break
                refused = self._transact(left)
                if refused is None:
                    break
                ends |= dict.fromkeys(refused, Written.REFUSED)
                if not refused:
                    ends |= {write.key: Written.YES for write in left}
                left = [write for write in left if write.key not in ends]
            ends |= self._one_by_one(left)
        return [ends[write.key] for write in writes]

    def _one_by_one(self, writes: Sequence[Write]) -> dict[str, Written]:
        """Repeat each write alone; after a few unknown ends in a row the service is taken to be away."""
        ends: dict[str, Written] = {}
        for write in writes:
            away = list(ends.values())[-_AWAY:] == [Written.UNKNOWN] * _AWAY
            ends[write.key] = Written.UNKNOWN if away else self.write(write)
        return ends

    def _transact(self, writes: Sequence[Write]) -> set[str] | None:
        """The keys whose conditions cancelled the transaction, none if it was applied, or None: unknown or no use."""
        try:
            self._client.transact_write_items(TransactItems=[{"Update": self._update(write)} for write in writes])
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons", [])
            refused = {
                write.key
                for write, reason in zip(writes, reasons, strict=False)
                if str(reason.get("Code", "")).startswith(_REFUSED)
            }
            if not refused:
                _unknown(error)
            return refused or None
        except BotoCoreError as error:
            _unknown(error)
            return None
        return set()

    def _update(self, write: Write) -> Any:
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
            "TableName": self._table,
            "Key": {"key": {"S": write.key}},
            "UpdateExpression": update,
            "ExpressionAttributeNames": {f"#{name}": name for name in _names(update, write.condition)},
            **({"ExpressionAttributeValues": values} if values else {}),
            **({"ConditionExpression": write.condition} if write.condition else {}),
        }


def _names(*expressions: str) -> list[str]:
    return sorted({name for text in expressions for name in re.findall(r"#(\w+)", text)})


def _unknown(error: Exception) -> Written:
    _log.warning("a ledger write ended unknown: %s", _name(error))
    return Written.UNKNOWN


def _name(error: Exception) -> str:
    """What failed, without the message: the service may quote the request in it."""
    return (
        str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else type(error).__name__
    )


def _row(item: Any) -> Row:
    deserialize = TypeDeserializer().deserialize
    return Row.read({name: deserialize(value) for name, value in item.items()})


def _storable(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(round(value, 3)))
    if isinstance(value, dict):
        return {name: _storable(inner) for name, inner in value.items()}
    return value
