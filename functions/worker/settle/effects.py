"""Copies and dead letters of a batch's items, each reported as confirmed or not."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from worker.send.dead_letter import dead_letter
from worker.send.queue_message import QueueMessage, TooLarge
from worker.send.retry_message import retry
from worker.settle.context import Invocation, Item
from worker.settle.retry_policy import Again

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a dead letter says beside the message itself; ``redrive`` is the row's."""

    item: Item
    attempt: int
    redrive: int
    reason: str
    detail: str = ""


def send_copies(copies: Sequence[tuple[Item, Again]], inv: Invocation) -> list[bool]:
    """Send each item's delivery to the function's own queue once more; which ones the queue confirmed."""
    now = inv.clock.now()

    def build(item: Item, again: Again) -> QueueMessage:
        attempt = item.delivery.attempt + again.counted
        return retry(item.delivery, item.key, attempt=attempt, wait=again.wait, now=now, carrier=inv.carrier)

    return _send(inv.own_queue, [partial(build, item, again) for item, again in copies], inv)


def send_letters(letters: Sequence[Letter], inv: Invocation) -> list[bool]:
    """Send dead letters; which ones the queue confirmed."""

    def build(letter: Letter) -> QueueMessage:
        return dead_letter(
            letter.item.delivery,
            letter.item.key,
            attempt=letter.attempt,
            redrive=letter.redrive,
            reason=letter.reason,
            function=inv.function.name,
            detail=letter.detail,
            carrier=inv.carrier,
        )

    return _send(inv.dead_letters, [partial(build, letter) for letter in letters], inv)


def _send(url: str, builders: Sequence[Callable[[], QueueMessage]], inv: Invocation) -> list[bool]:
    copies: dict[int, QueueMessage] = {}
    for index, build in enumerate(builders):
        try:
            copies[index] = build()
        except TooLarge as error:
            _log.error("a message can't be copied, the queue's own policy has to move it: %s", error)
    confirmed = dict(zip(copies, inv.queue.send(url, list(copies.values())), strict=True))
    return [confirmed.get(index, False) for index in range(len(builders))]
