"""Reads and conditional writes on the Document API, with its refusals and failures told apart.

The subset used is the one that YDB documents: no old item on a refused write, no client request token, consistent
reads, at most 25 writes in a transaction (https://yandex.cloud/en/docs/ydb/docapi/api-ref/actions/transactWriteItems).
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from documents import answers
from documents.budget import Budget
from documents.client import MISSHAPEN
from documents.writes import Write, request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READ_AT_ONCE = 100
WRITE_AT_ONCE = 25
_TRIES = 2
"""How often something is asked that is safe to repeat: a connection may have died in its sleep."""
_BROKEN = 500
"""From this HTTP status on nobody can say what the service did."""
_PAUSES = (0.1, 0.2, 0.4, 0.0)
"""Seconds after each try that the service was too busy for; the last one is followed by none."""

K = TypeVar("K", bound=str)
R = TypeVar("R")

_log = logging.getLogger(__name__)


class TableUnavailable(Exception):
    """The table could not be read or written in time: what was written is not known."""


class Written(Enum):
    """How a conditional write ended. `UNKNOWN`: it may have been applied, or may be yet."""

    YES = "yes"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class _NoTime(Exception):
    """The service is away, or the invocation's time is over: nothing was sent."""


class _NoAnswer(Exception):
    """No answer came, so what was sent may have been applied."""


class _Busy(Exception):
    """The service refused each time, without doing anything."""


class Store(Generic[K, R]):
    """One table of the Document API whose items have a `key`.

    `read` makes a record of an item's attributes, and of the key alone where there is no item. `sleep` waits
    between tries, for a second in all at the most. `budget` is the invocation's for this service.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        read: Callable[[Mapping[str, Any]], R],
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._make = read
        self._sleep = sleep
        self.budget = budget or Budget()

    def get(self, key: K) -> R:
        """The record as it is now (consistent read), an empty one where there is none.

        Raises:
            TableUnavailable: it could not be read.
        """
        ask = partial(self._client.get_item, TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True)
        item = self._read(ask, lambda answer: answers.one_item(answer, key))
        return self._make(item or {"key": key})

    def get_many(self, keys: Iterable[K]) -> dict[K, R]:
        """The records of these keys as they are now, 100 a request; absent ones are empty records.

        Raises:
            TableUnavailable: not all could be read.
        """
        every = list(dict.fromkeys(keys))
        items: dict[str, Mapping[str, Any]] = {key: {"key": key} for key in every}
        for at in range(0, len(every), READ_AT_ONCE):
            items |= self._get_chunk(every[at : at + READ_AT_ONCE])
        return {key: self._make(items[key]) for key in every}

    def write(self, write: Write, *, insist: bool = False) -> Written:
        """Carry out one conditional write; where the service is busy, it is tried again.

        `insist`: a service that was silent before is asked all the same, while there is time.
        """
        ask: Callable[[], Any] = partial(self._client.update_item, **request(self._table, write))
        if write.beside:
            ask = partial(self._client.transact_write_items, TransactItems=self._updates([write]))
        try:
            self._ask(ask, insist=insist)
        except ClientError as error:
            if _name(error).startswith(answers.REFUSED) or any(answers.refused(error.response, len(write.all)) or ()):
                return Written.REFUSED
            _log.warning("a ledger write ended unknown: %s", _name(error))
        except (_NoAnswer, _Busy, _NoTime) as error:
            self._silent(error)
        else:
            return Written.YES
        return Written.UNKNOWN

    def write_all(self, writes: Sequence[Write]) -> list[Written]:
        """Carry out independent conditional writes, one a record, 25 a transaction; how each ended, in order.

        A write with others beside it is refused where any of them is.

        A transaction is only the cheap way to send many: where a record's refusal cancels it, the others are sent
        again, and where its end is unknown it is repeated, which the conditions make safe. Where the service is silent
        or stays busy twice in a row, or the time is over, nothing more is sent: the rest is `UNKNOWN`.
        """
        ends: dict[str, Written] = {}
        for chunk in _chunks(writes):
            left = self._together(chunk, ends)
            ends.update({write.key: self.write(write) for write in left})
        return [ends[write.key] for write in writes]

    def _together(self, writes: Sequence[Write], ends: dict[str, Written]) -> Sequence[Write]:
        """Send them in one transaction, and again without those that refused; those to be sent each alone."""
        left, silences = writes, 0
        while len(left) > 1:
            items = self._updates(left)
            try:
                self._ask(partial(self._client.transact_write_items, TransactItems=items))
            except ClientError as error:
                told = _by_write(answers.refused(error.response, len(items)), left)
                if told is None or not any(told):
                    _log.warning("a transaction is sent write by write: %s", _name(error))
                    return left
                for write, no in zip(left, told, strict=True):
                    ends.update({write.key: Written.REFUSED} if no else {})
                left = [write for write, no in zip(left, told, strict=True) if not no]
            except (_NoAnswer, _Busy, _NoTime) as error:
                silences += self._silent(error)
                if silences == _TRIES or isinstance(error, _NoTime):
                    ends.update({write.key: Written.UNKNOWN for write in left})
                    return []
            else:
                ends.update({write.key: Written.YES for write in left})
                return []
        return left

    def _updates(self, writes: Sequence[Write]) -> Any:
        """A transaction's items: the writes and those beside them."""
        return [{"Update": request(self._table, each)} for write in writes for each in write.all]

    def _read(self, ask: Callable[[], Any], understand: Callable[[Any], Any]) -> Any:
        """What the answer says; a silent service is asked once more."""
        for _ in range(_TRIES):
            try:
                return understand(self._ask(ask))
            except (ClientError, answers.Unreadable) as error:
                raise TableUnavailable(_name(error)) from None
            except (_Busy, _NoTime) as error:
                raise TableUnavailable(str(error)) from None
            except _NoAnswer as error:
                self.budget.silent()
                why = str(error)
        raise TableUnavailable(why)

    def _silent(self, error: Exception) -> bool:
        """Say that a write ended unknown, and take note where that has cost time."""
        _log.warning("a ledger write ended unknown: %s", error)
        if not isinstance(error, _NoTime):
            self.budget.silent()
        return not isinstance(error, _NoTime)

    def _get_chunk(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = list(keys)
        for pause in _PAUSES:
            asked: Any = {self._table: {"Keys": [{"key": {"S": key}} for key in wanted], "ConsistentRead": True}}
            ask = partial(self._client.batch_get_item, RequestItems=asked)
            items, wanted = self._read(ask, partial(answers.many_items, table=self._table, asked=tuple(wanted)))
            found |= items
            if not wanted:
                return found
            self._sleep(pause)
        raise TableUnavailable("UnprocessedKeys")

    def _ask(self, ask: Callable[[], Any], *, insist: bool = False) -> Any:
        """Send a request, and again where the service is too busy for it. Raises ClientError for any other refusal."""
        for pause in _PAUSES:
            if not self.budget.allows(insist=insist):
                raise _NoTime("the service is silent, or the time is over")
            try:
                answer = ask()
            except ClientError as error:
                if _is_busy(error):
                    busy = _name(error)
                    self._sleep(pause)
                    continue
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _BROKEN:
                    raise _NoAnswer(_name(error)) from None
                self.budget.answered()
                raise
            except (BotoCoreError, *MISSHAPEN) as error:
                raise _NoAnswer(_name(error)) from None
            else:
                self.budget.answered()
                return answer
        raise _Busy(f"the service stayed busy: {busy}")


def _chunks(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """The writes in order, as many together as a transaction takes."""
    chunk: list[Write] = []
    for write in writes:
        if chunk and sum(len(each.all) for each in [*chunk, write]) > WRITE_AT_ONCE:
            yield chunk
            chunk = []
        chunk.append(write)
    if chunk:
        yield chunk


def _by_write(told: Sequence[bool] | None, writes: Sequence[Write]) -> list[bool] | None:
    """Of which writes one was refused, themselves or beside them; None where the answer does not say."""
    if told is None:
        return None
    ends = list(accumulate(len(write.all) for write in writes))
    return [any(told[end - len(write.all) : end]) for write, end in zip(writes, ends, strict=True)]


def _is_busy(error: ClientError) -> bool:
    """Whether the service refused for now, without doing anything."""
    name = _name(error)
    if name.startswith("TransactionCanceled"):
        reasons = error.response.get("CancellationReasons") or []
        codes = {str(reason.get("Code")) for reason in reasons if isinstance(reason, Mapping)}
        return bool(codes & _FOR_NOW) and not any(code.startswith(answers.REFUSED) for code in codes)
    return name.startswith(("Transaction", "ProvisionedThroughput", "RequestLimit", "Throttling"))


_FOR_NOW = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def _name(error: Exception) -> str:
    """What failed, without the message: the service may quote the request in it."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return str(error) if isinstance(error, answers.Unreadable) else type(error).__name__
