"""`ops due`: what will be deleted when."""

import heapq
import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from infra.operate.ops.common import AT_MOST, AsJson, reach_of, seconds
from infra.operate.ops.environments import Reach
from infra.operate.ops.say import Voice, counted, dated
from ledger import Record
from ledger.agenda import SHARDS, text_of
from retention.sweeping import DUE


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ops due --within 7d --number 1000")(due)


def due(
    context: typer.Context,
    within: Annotated[str, typer.Option(help="How far ahead to look.")] = "1d",
    number: Annotated[int, AT_MOST] = 100,
    as_json: AsJson = False,
) -> None:
    """List what is on the agenda, the next first: responses to be deleted, and when."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
    found = list(islice(agenda(reach, text_of(now + seconds(within))), number))
    voice.data([_told(record) for record in found])
    for record in found:
        at = dated(record.due_at or "", now)
        asked = f", asked: {', '.join(sorted(record.asked))}" if record.asked else ""
        held = f", on hold for {', '.join(sorted(record.hold))}" if record.hold else ""
        voice.line(f"{at}  {record.due_for} {record.response_id}{asked}{held}")
    more = " (there may be more: --number)" if len(found) == number else ""
    voice.line(f"{counted(len(found), 'response is', 'responses are')} due within {within}{more}.")


def agenda(reach: Reach, until: str) -> Iterator[Record]:
    """The records that are due until then, the next first, out of all parts of the index. Raises TableUnavailable."""
    parts = [_part(reach, f"due#{number:02d}", until) for number in range(SHARDS)]
    return heapq.merge(*parts, key=lambda record: record.due_at or "")


def _part(reach: Reach, shard: str, until: str) -> Iterator[Record]:
    for page in reach.ledger.query(DUE, shard, until=until):
        yield from page


def _told(record: Record) -> dict[str, object]:
    return {
        "response_id": record.response_id,
        "key": record.key,
        "due_for": record.due_for,
        "due_at": record.due_at,
        "asked": record.asked,
        "hold": record.hold,
    }
