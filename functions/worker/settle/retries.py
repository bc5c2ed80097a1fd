"""Retry messages, for any number of items: each watermark follows the retry message that a queue confirmed."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from aistudio import Trace
from documents import Written
from ledger import Record, Write, claims, message_chains
from worker.outcome import End, Settlement
from worker.send.queue_message import QueueMessage
from worker.send.retry_message import retry
from worker.settle.context import Invocation, Item
from worker.settle.effects import Ended, send_all, unsettled
from worker.settle.retry_policy import Again

GROUP = 25
"""Items whose retry messages are sent and marked together: as many as a transaction writes."""

_UNWRITTEN = frozenset({Written.REFUSED, Written.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Retry:
    """An item to be sent again, and its record as it was read.

    `owner` is whose claim is given back with it, where there is a claim. `busy`: the claim stays another delivery's.
    """

    item: Item
    again: Again
    record: Record
    trace: Trace | None = None
    owner: str | None = None
    busy: bool = False


def send_again(retries: Sequence[Retry], inv: Invocation, *, returns: bool = False) -> list[Ended]:
    """Send retry messages, and raise the watermarks to those that the queue confirmed, group by group.

    `returns`: the batch returns for neighbours that are unsettled.
    """
    ended: list[Ended] = []
    lost = ""
    for group in _groups(retries):
        if lost:
            ended += [unsettled(each.item, lost, each.trace) for each in group]
            continue
        ends = _send_group(group, inv, returns=returns)
        ended += ends
        returns = returns or any(end.end is End.UNSETTLED for _, end in ends)
        if all(end.end is End.UNSETTLED for _, end in ends):  # ledger or queue say nothing: the rest would end alike
            lost = str(ends[0][1].outcome)
    return ended


def _groups(retries: Sequence[Retry]) -> list[list[Retry]]:
    """Groups that can be written together: a transaction takes a record once."""
    groups: list[dict[str, Retry]] = []
    for each in retries:
        key = each.item.record_key
        room = next((group for group in reversed(groups) if len(group) < GROUP and key not in group), None)
        if room is None:
            groups.append({key: each})
        else:
            room[key] = each
    return [list(group.values()) for group in groups]


def _send_group(group: Sequence[Retry], inv: Invocation, *, returns: bool) -> list[Ended]:
    """Whatever can leave an item unsettled comes before its retry message: else both would live."""
    now = inv.clock.now()
    noted = [message_chains.noted(each.item.standing(), each.record, now) for each in group if not each.owner]
    lost = _ending(_UNWRITTEN, noted, inv)
    if lost or returns:  # the batch returns, and meets the claims that could not be given back afterwards
        lost |= _ending(_UNWRITTEN, [_release(each, inv) for each in group if each.owner], inv)
        group = [replace(each, owner=None) for each in group]
    ready = [each for each in group if each.item.record_key not in lost]
    confirmed = send_all(inv.settings.queue_url, [partial(_retry_message, each, now, inv) for each in ready], inv)
    _raise_watermarks(list(zip(ready, confirmed, strict=True)), inv)
    return [
        *(unsettled(each.item, "ledger", each.trace) for each in group if each.item.record_key in lost),
        *(
            (each.item, Settlement(each.again.end, each.again.reason, trace=each.trace))
            if sent
            else unsettled(each.item, "queue", each.trace)
            for each, sent in zip(ready, confirmed, strict=True)
        ),
    ]


def _raise_watermarks(retries: Sequence[tuple[Retry, bool]], inv: Invocation) -> None:
    """Raise the watermarks to what was confirmed (best effort: a retry message lives all the same).

    Where another retry message is as high already, the record still has to keep what this one stands for.
    """
    watermarks = {each.item.record_key: _watermark(each, inv, sent=sent) for each, sent in retries}
    refused = _ending({Written.REFUSED}, [write for write in watermarks.values() if write is not None], inv)
    standings = [each.item.standing(retried=1) for each, sent in retries if sent and each.item.record_key in refused]
    inv.store.write_all([message_chains.retried(standing) for standing in standings if standing.retried])


def _ending(how: Set[Written], writes: Sequence[Write], inv: Invocation) -> set[str]:
    """Carry out these writes, each of another record; the records of those that end so."""
    ends = zip((write.key for write in writes), inv.store.write_all(writes), strict=True)
    return {key for key, written in ends if written in how}


def _release(each: Retry, inv: Invocation, retried: int = 0) -> Write:
    standing = each.item.standing(retried)
    return claims.release(standing, each.owner, inv.clock.now(), each.again.reason or "")


def _retry_message(each: Retry, now: float, inv: Invocation) -> QueueMessage:
    delivery = each.item.delivery
    attempt = delivery.attempt + each.again.counted
    return retry(delivery, each.item.key, attempt=attempt, wait=each.again.wait, now=now, carrier=inv.carrier)


def _watermark(each: Retry, inv: Invocation, *, sent: bool) -> Write | None:
    """Return the watermark of a confirmed retry message, with the claim's release where there is a claim."""
    if each.owner is not None:
        return _release(each, inv, retried=int(sent))
    if not sent:
        return None
    now, standing = inv.clock.now(), each.item.standing(retried=1)
    if each.busy:
        return claims.watermark_of_claimed(standing, now)
    audit: dict[str, object] = {"attempt": each.item.delivery.attempt + each.again.counted}
    audit |= {"reason": each.again.reason} if each.again.reason else {}
    audit |= {"body_hash": each.item.body_hash} if each.item.body_hash else {}
    return message_chains.watermark(standing, now, audit | {"function": inv.function.name})
