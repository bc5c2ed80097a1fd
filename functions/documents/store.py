"""One table of the Document API: reads, and conditional writes with their refusals and failures told apart."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import partial
from itertools import accumulate
from math import inf
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from documents import answers
from documents.reads import K, R, Reads
from documents.requests import TRIES, Busy, NoAnswer, NoTime, name_of
from documents.writes import Write, request

WRITE_AT_ONCE = 25

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Written(Enum):
    """How a conditional write ended. `UNKNOWN`: it may have been applied, or may be yet."""

    YES = "yes"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Store(Reads[K, R]):
    """One table of the Document API: what `Reads` gives, and conditional writes."""

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
            if name_of(error).startswith(answers.REFUSED) or any(answers.refused(error.response, len(write.all)) or ()):
                return Written.REFUSED
            _log.warning("a ledger write ended unknown: %s", name_of(error))
        except (NoAnswer, Busy, NoTime) as error:
            self._silent(error)
        else:
            return Written.YES
        return Written.UNKNOWN

    def write_all(self, writes: Sequence[Write]) -> list[Written]:
        """Carry out independent conditional writes, one a record, 25 a transaction; how each ended, in order.

        A write with others beside it is refused where any of them is.

        A transaction is only the cheap way to send many: where a record's refusal cancels it, the others are sent
        again, and where its end is unknown it is repeated, which the conditions make safe. Where the service is silent
        or stays busy twice in a row, or the time is over, nothing more is sent: the rest is `UNKNOWN`. Transactions go
        side by side where they have no record in common.
        """
        ends: dict[str, Written] = {}
        chunks = _disjoint(writes, lambda write: {each.key for each in write.all}, WRITE_AT_ONCE)
        for apart in _disjoint(chunks, lambda chunk: {each.key for write in chunk for each in write.all}):
            self.budget.side_by_side([partial(self._chunk, chunk, ends) for chunk in apart])
        return [ends[write.key] for write in writes]

    def _chunk(self, chunk: Sequence[Write], ends: dict[str, Written]) -> None:
        """Carry out the writes of a transaction."""
        left = self._together(chunk, ends)
        ends.update({write.key: self.write(write) for write in left})

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
                    _log.warning("a transaction is sent write by write: %s", name_of(error))
                    return left
                for write, no in zip(left, told, strict=True):
                    ends.update({write.key: Written.REFUSED} if no else {})
                left = [write for write, no in zip(left, told, strict=True) if not no]
            except (NoAnswer, Busy, NoTime) as error:
                silences += self._silent(error)
                if silences == TRIES or isinstance(error, NoTime):
                    ends.update({write.key: Written.UNKNOWN for write in left})
                    return []
            else:
                ends.update({write.key: Written.YES for write in left})
                return []
        return left

    def _updates(self, writes: Sequence[Write]) -> Any:
        """Return a transaction's items: the writes and those beside them."""
        return [{"Update": request(self._table, each)} for write in writes for each in write.all]

    def _silent(self, error: Exception) -> bool:
        """Say that a write ended unknown, and take note where that has cost time."""
        _log.warning("a ledger write ended unknown: %s", error)
        if not isinstance(error, NoTime):
            self.budget.silent()
        return not isinstance(error, NoTime)


def _disjoint(parts: Iterable[T], keys_of: Callable[[T], set[str]], most: float = inf) -> Iterator[list[T]]:
    """Group the parts in order, as many together as have no record in common, and `most` records at the most."""
    together: list[T] = []
    keys: set[str] = set()
    for part in parts:
        mine = keys_of(part)
        if together and (len(keys) + len(mine) > most or keys & mine):
            yield together
            together, keys = [], set()
        together.append(part)
        keys |= mine
    if together:
        yield together


def _by_write(told: Sequence[bool] | None, writes: Sequence[Write]) -> list[bool] | None:
    """Tell of which writes one was refused, themselves or beside them; None where the answer does not say."""
    if told is None:
        return None
    ends = list(accumulate(len(write.all) for write in writes))
    return [any(told[end - len(write.all) : end]) for write, end in zip(writes, ends, strict=True)]
