"""Reads on the Document API: records by their keys, consistently, and by an index, as it stands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

from documents import answers
from documents.queries import Index, Query
from documents.requests import PAUSES, TRIES, Busy, NoAnswer, NoTime, Requests, name_of

READ_AT_ONCE = 100

K = TypeVar("K", bound=str)
R = TypeVar("R")


class TableUnavailable(Exception):
    """The table could not be read or written in time: what was written is not known."""


class Reads(Requests, Generic[K, R]):
    """Reads of one table whose items have a `key`. A subclass says how a record is made of an item's attributes."""

    _make: Callable[[Mapping[str, Any]], R]

    def get(self, key: K) -> R:
        """Read the record as it is now, consistently; an empty record where there is none. Raises TableUnavailable."""
        ask = partial(self._client.get_item, TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True)
        item = self._read(ask, lambda answer: answers.one_item(answer, key))
        return self._make(item or {"key": key})

    def get_many(self, keys: Iterable[K]) -> dict[K, R]:
        """Return the records of these keys as they are now, 100 a request; absent ones are empty records.

        Raises TableUnavailable.
        """
        every = list(dict.fromkeys(keys))
        items: dict[str, Mapping[str, Any]] = {key: {"key": key} for key in every}
        for at in range(0, len(every), READ_AT_ONCE):
            items |= self._get_chunk(every[at : at + READ_AT_ONCE])
        return {key: self._make(items[key]) for key in every}

    def query(
        self, index: Index, value: str, *, until: str | None = None, after: tuple[str, str] | None = None
    ) -> Iterator[list[R]]:
        """Return the records that an index has under this value, up to the range `until` included, lowest first.

        `after` is the key and the range of a record that an earlier query has given: only what follows it is given.
        A page of at most 100 is asked for when it is taken. An index follows its table with a delay, so a record may
        have changed since: a write that follows says in its condition what it goes by.

        Raises TableUnavailable: a page could not be read; those before it are what they are.
        """
        asked = Query(index, value, until)
        last: Any = None if after is None else asked.place(*after)
        while last is None or last:
            ask = partial(self._client.query, **asked.request(self._table, last))
            items, last = self._read(ask, partial(asked.page, after=last))
            yield [self._make(item) for item in items]

    def _read(self, ask: Callable[[], Any], understand: Callable[[Any], Any]) -> Any:
        """Return what the answer says; a silent service is asked once more."""
        for _ in range(TRIES):
            try:
                return understand(self._ask(ask))
            except (ClientError, answers.Unreadable) as error:
                raise TableUnavailable(name_of(error)) from None
            except (Busy, NoTime) as error:
                raise TableUnavailable(str(error)) from None
            except NoAnswer as error:
                self.budget.silent()
                why = str(error)
        raise TableUnavailable(why)

    def _get_chunk(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = list(keys)
        for pause in PAUSES:
            asked: Any = {self._table: {"Keys": [{"key": {"S": key}} for key in wanted], "ConsistentRead": True}}
            ask = partial(self._client.batch_get_item, RequestItems=asked)
            items, wanted = self._read(ask, partial(answers.many_items, table=self._table, asked=tuple(wanted)))
            found |= items
            if not wanted:
                return found
            self._sleep(pause)
        raise TableUnavailable("UnprocessedKeys")
