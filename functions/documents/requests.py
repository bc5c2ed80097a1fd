"""Requests to the Document API, sent again where it is busy, and their failures told apart.

The subset used is the one that YDB documents: no old item on a refused write, no client request token, consistent
reads, at most 25 writes in a transaction (https://yandex.cloud/en/docs/ydb/docapi/api-ref/actions/transactWriteItems).
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from documents import answers
from documents.client import MISSHAPEN
from documents.time_budget import Budget

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TRIES = 2
"""How often something is asked that is safe to repeat: a connection may have died in its sleep."""
PAUSES = (0.1, 0.2, 0.4, 0.0)
"""Seconds after each try that the service was too busy for; the last one is followed by none."""

_BROKEN = 500
"""From this HTTP status on it is unknown what the service did."""
_FOR_NOW = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class NoTime(Exception):
    """The service is away, or the invocation's time is over: nothing was sent."""


class NoAnswer(Exception):
    """No answer came, so what was sent may have been applied."""


class Busy(Exception):
    """The service refused each time, without doing anything."""


class Requests:
    """Sends requests about one table.

    `sleep` waits between tries, for a second in all at the most. `budget` is the invocation's for this service.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep
        self.budget = budget or Budget()

    def _ask(self, ask: Callable[[], Any], *, insist: bool = False) -> Any:
        """Send a request, and again where the service is too busy for it. Raises ClientError for any other refusal."""
        for pause in PAUSES:
            if not self.budget.allows(insist=insist):
                raise NoTime("the service is silent, or the time is over")
            try:
                answer = self.budget.ask(ask)
            except ClientError as error:
                if _is_busy(error):
                    busy = name_of(error)
                    self._sleep(pause)
                    continue
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _BROKEN:
                    raise NoAnswer(name_of(error)) from None
                self.budget.answered()
                raise
            except (BotoCoreError, *MISSHAPEN) as error:
                raise NoAnswer(name_of(error)) from None
            else:
                self.budget.answered()
                return answer
        raise Busy(f"the service stayed busy: {busy}")


def name_of(error: Exception) -> str:
    """Name what failed, without the message: the service may quote the request in it."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return str(error) if isinstance(error, answers.Unreadable) else type(error).__name__


def _is_busy(error: ClientError) -> bool:
    """Return whether the service refused for now, without doing anything."""
    name = name_of(error)
    if name.startswith("TransactionCanceled"):
        reasons = error.response.get("CancellationReasons") or []
        codes = {str(reason.get("Code")) for reason in reasons if isinstance(reason, Mapping)}
        return bool(codes & _FOR_NOW) and not any(code.startswith(answers.REFUSED) for code in codes)
    return name.startswith(("Transaction", "ProvisionedThroughput", "RequestLimit", "Throttling"))
