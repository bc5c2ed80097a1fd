"""The decorator that makes a queue function out of a model, a client and one call."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from aistudio import API
from worker.receive.message import M
from worker.settings import Check
from worker.settle.function import C, Call, DeskCall, Found, Function, Registry


class Handler(Protocol):
    """What the platform calls for each event; `function` tells tests and tools what it is."""

    function: Function[Any, Any]

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, int]:
        """Settle the event's messages and count their ends.

        Raises Unsettled where some could not be settled, SettingsError where the environment is not usable.
        """
        ...


def queue_function(
    model: type[M],
    client: Callable[[API], C],
    result_type: str,
    *,
    idempotent: bool,
    when_held: Call[M, C] | None = None,
    registry: Registry | None = None,
    sends_to: Iterable[str] = (),
    may_send_to: Iterable[str] = (),
    check: Check | None = None,
    desk: bool = False,
    found: Found[M] | None = None,
) -> Callable[[Call[M, C] | DeskCall[M, C]], Handler]:
    """Make a handler of a call: `call(message, client, timeout) -> Outcome`, which may raise APIError.

    `client` makes the endpoint's client from the shared API; `result_type` is the CloudEvents type of its results;
    `idempotent` says whether the call may be repeated, and so which way its messages are settled; `when_held` takes the
    call's place while its key is under a legal hold. With a `registry` the outcomes are receipts: they are kept for
    ever, and the results are made of them, without content. The registry asks what continues a deleted response to go,
    before the receipt is written and where a receipt answers, and keeps dates more than 15 minutes ahead. `sends_to`
    are the functions to whose queues its outcomes send, each of which needs a setting `<FUNCTION>_QUEUE_URL`;
    `may_send_to` are those that get a message only where they are deployed, which that setting says; `check` says what
    is wrong with the settings that only this function needs; `desk`: the call is `call(message, client, timeout, desk)
    -> Outcome`, and works with the ledger; `found(message, response_id, desk) -> Outcome` ends a create that broke
    after its response's id was known.
    """

    def make(call: Call[M, C] | DeskCall[M, C]) -> Handler:
        name = call.__module__.rpartition(".")[2]
        if "due" in model.fields_of and not (idempotent and registry):
            raise ValueError("a message with a date: its call has to be repeatable, and a registry keeps the date")
        function = Function(
            name,
            model,
            client,
            call,
            idempotent,
            result_type,
            when_held,
            registry,
            tuple(sends_to),
            tuple(may_send_to),
            check,
            desk,
            found,
        )

        @functools.wraps(call)
        def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
            from worker.wiring import instance  # the first invocation reads the settings, not the import

            return instance(function).handle(event, context)

        handler.function = function  # type: ignore[attr-defined]  # functions take attributes, their type does not say so
        return handler  # type: ignore[return-value]  # it has `function` now

    return make
