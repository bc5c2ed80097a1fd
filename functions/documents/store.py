"""Reads and conditional writes on the Document API, with its refusals and failures told apart.

The subset used is the one that YDB documents: no old item on a refused write, no client request token, consistent
reads, at most 25 writes in a transaction (https://yandex.cloud/en/docs/ydb/docapi/api-ref/actions/transactWriteItems).
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from documents.writes import Write, request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READ_AT_ONCE = 100
WRITE_AT_ONCE = 25
_PAUSES = (0.1, 0.2, 0.4, 0.0)
"""Seconds after each try that the service was too busy for; the last one is followed by none."""
_AWAY = 2
"""Silences in a row after which the service is taken to be away."""

_REFUSED = "ConditionalCheckFailed"

R = TypeVar("R")

_log = logging.getLogger(__name__)


class TableUnavailable(Exception):
    """The table could not be read or written in time: what was written is not known."""


class Written(Enum):
    """How a conditional write ended. ``UNKNOWN``: it may have been applied, or may be yet."""

    YES = "yes"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class _NoAnswer(Exception):
    """The service said nothing in time, so what was sent may have been applied; or it stayed busy."""


class Store(Generic[R]):
    """One table of the Document API whose items have a ``key``.

    ``read`` makes a record of an item's attributes, and of the key alone where there is no item. ``sleep`` waits
    between tries, for a second in all at the most.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        read: Callable[[Mapping[str, Any]], R],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._make = read
        self._sleep = sleep

    def get(self, key: str) -> R:
        """The record as it is now (consistent read), an empty one where there is none.

        Raises:
            TableUnavailable: it could not be read.
        """
        answer = self._read(
            lambda: self._client.get_item(TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True)
        )
        item = answer.get("Item")
        return self._make(_attributes(item) if item else {"key": key})

    def get_many(self, keys: Iterable[str]) -> dict[str, R]:
        """The records of these keys as they are now, 100 a request; absent ones are empty records.

        Raises:
            TableUnavailable: not all could be read.
        """
        items: dict[str, Mapping[str, Any]] = {key: {"key": key} for key in keys}
        every = list(items)
        for at in range(0, len(every), READ_AT_ONCE):
            for item in self._get_chunk(every[at : at + READ_AT_ONCE]):
                attributes = _attributes(item)
                items[attributes["key"]] = attributes
        return {key: self._make(attributes) for key, attributes in items.items()}

    def write(self, write: Write) -> Written:
        """Carry out one conditional write; where the service is busy, it is tried again."""
        try:
            return self._write(write)
        except _NoAnswer:
            return Written.UNKNOWN

    def write_all(self, writes: Sequence[Write]) -> list[Written]:
        """Carry out independent conditional writes, one a row, 25 a transaction; how each ended, in order.

        A transaction is only the cheap way to send many: where one row's refusal cancels it, the rest is sent again,
        and where its end is unknown each write is repeated alone, which its condition makes safe. Where the
        service is silent or stays busy twice in a row, nothing more is sent: time is left to say so.
        """
        ends: dict[str, Written] = {}
        silences = 0
        for at in range(0, len(writes), WRITE_AT_ONCE):
            chunk = writes[at : at + WRITE_AT_ONCE]
            silences = self._together(chunk, ends, silences)
            silences = self._one_by_one([write for write in chunk if write.key not in ends], ends, silences)
        return [ends[write.key] for write in writes]

    def _together(self, writes: Sequence[Write], ends: dict[str, Written], silences: int) -> int:
        """Send them in one transaction, and again without those that were refused; the silences in a row so far."""
        left = writes
        while len(left) > 1 and silences < _AWAY:
            try:
                refused = self._transact(left)
            except _NoAnswer:
                return silences + 1
            silences = 0
            if refused is None:
                break
            ends.update(dict.fromkeys(refused, Written.REFUSED))
            if not refused:
                ends.update({write.key: Written.YES for write in left})
            left = [write for write in left if write.key not in ends]
        return silences

    def _one_by_one(self, writes: Sequence[Write], ends: dict[str, Written], silences: int) -> int:
        for write in writes:
            ends[write.key] = Written.UNKNOWN
            if silences < _AWAY:
                try:
                    ends[write.key] = self._write(write)
                    silences = 0
                except _NoAnswer:
                    silences += 1
        return silences

    def _read(self, ask: Callable[[], Any]) -> Any:
        for pause in _PAUSES:
            try:
                return ask()
            except ClientError as error:
                if not _is_busy(error):
                    raise TableUnavailable(_name(error)) from None
                self._sleep(pause)
            except BotoCoreError as error:
                raise TableUnavailable(_name(error)) from None
        raise TableUnavailable("the service stayed busy")

    def _get_chunk(self, keys: Sequence[str]) -> list[Any]:
        wanted: Any = {self._table: {"Keys": [{"key": {"S": key}} for key in keys], "ConsistentRead": True}}
        found: list[Any] = []
        for pause in _PAUSES:
            answer = self._read(partial(self._client.batch_get_item, RequestItems=wanted))
            found += answer["Responses"].get(self._table, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            self._sleep(pause)
        raise TableUnavailable("UnprocessedKeys")

    def _write(self, write: Write) -> Written:
        busy = ""
        for pause in _PAUSES:
            try:
                self._client.update_item(**request(self._table, write))
            except ClientError as error:
                if _name(error).startswith(_REFUSED):
                    return Written.REFUSED
                if not _is_busy(error):
                    _warn(error)
                    return Written.UNKNOWN
                busy = _name(error)
                self._sleep(pause)
            except BotoCoreError as error:
                _warn(error)
                raise _NoAnswer from None
            else:
                return Written.YES
        _log.warning("a ledger write ended unknown, the service stayed busy: %s", busy)
        raise _NoAnswer

    def _transact(self, writes: Sequence[Write]) -> set[str] | None:
        """The keys whose conditions cancelled the transaction, none if it was applied, or None: no use, one by one."""
        try:
            self._client.transact_write_items(
                TransactItems=[{"Update": request(self._table, write)} for write in writes]
            )
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons", [])
            refused = {
                write.key
                for write, reason in zip(writes, reasons, strict=False)
                if str(reason.get("Code", "")).startswith(_REFUSED)
            }
            if not refused:
                _warn(error)
            return refused or None
        except BotoCoreError as error:
            _warn(error)
            raise _NoAnswer from None
        return set()


def _is_busy(error: ClientError) -> bool:
    """Whether the service refused for now, without doing anything."""
    return _name(error).startswith(("Transaction", "ProvisionedThroughput", "RequestLimit", "Throttling"))


def _warn(error: Exception) -> None:
    _log.warning("a ledger write ended unknown: %s", _name(error))


def _name(error: Exception) -> str:
    """What failed, without the message: the service may quote the request in it."""
    return (
        str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else type(error).__name__
    )


def _attributes(item: Any) -> dict[str, Any]:
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}
