"""`ops show`: everything that is known of an id."""

import time
from typing import Annotated

import typer

from infra.local.lines import said
from infra.operate.ops.common import AsJson, named, reach_of
from infra.operate.ops.dead_letters.choosing import Meant
from infra.operate.ops.dead_letters.choosing import found as find_dead_letters
from infra.operate.ops.dead_letters.dead_letter import Filter
from infra.operate.ops.ending import wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.records import Found, log_lines, message_query, query, records, underway
from infra.operate.ops.say import Voice, clock
from infra.operate.ops.story import headline, numbers, timeline
from ledger import Record
from ledger.states import DEAD_LETTERED
from retention.evidence.seal_records import Sealed, key_of_day


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ops show resp_1")(show)


def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A response, event, message or person's id, or a record's key.")
    ],
    function: Annotated[str, typer.Option(help="Look only where this function would have put it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what became of an id: its records as a timeline, its log lines, and the messages that can be seen."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
    found = records(reach, named(name), function)
    lines = list(log_lines(reach, {each.record.key for each in found}))
    dead_lettered = any(each.record.state == DEAD_LETTERED for each in found) or not found
    dead_letters = find_dead_letters(reach, Meant(Filter(key=name)), voice) if dead_lettered else []
    messages = underway(reach, name)
    if not found and not dead_letters and not messages:
        elsewhere = (
            "" if reach.local else f". If it is a message's id, its log line has the key: {message_query(reach, name)}"
        )
        raise wanting(
            f"nothing is known of {name}: it never came this far, has expired, or HASH_KEY is another{elsewhere}"
        )
    voice.data(
        {
            "id": name,
            "records": [each.told() for each in found],
            "sealing": {each.record.key: sealing(reach, each.record) for each in found},
            "log": lines,
            "log_queries": [] if reach.local else [query(reach, each.record.key) for each in found],
            "dead_letters": [each.told() for each in dead_letters],
            "waiting": [{"queue": queue, "message_id": message.message_id} for queue, message in messages],
        }
    )
    for each in found:
        _tell(reach, voice, each, now)
    for line in lines:
        voice.line(f"  log: {clock(line['at'], now)}  {said(line)}")
    for dead_letter in dead_letters:
        voice.line(
            f"dead letter {dead_letter.message_id}: {dead_letter.reason}, since {clock(dead_letter.at, now)}",
            style="bold",
        )
        if dead_letter.detail:
            voice.line(f"  {dead_letter.detail}")
    for queue, message in messages:
        voice.line(f"in the queue of {queue}: message {message.message_id}")


def sealing(reach: Reach, record: Record) -> str | None:
    """Say whether the day of a receipt, or of a piece of history, is sealed; None for what is not to be sealed."""
    settled = record.rest.get("settled_at")
    if not isinstance(settled, str):
        return None
    try:
        seal = Sealed.read(reach.ledger.get(key_of_day(settled[:10])))
    except ValueError:
        return f"the seal of its day, {settled[:10]}, was changed: {reach.hint('evidence', 'export', '--from', settled[:10])} says how"
    if seal is None:
        return "not sealed yet: seal_receipts seals a day an hour after its end (UTC)"
    day = seal.seal.day
    return f"its day, {day}, is sealed: {reach.hint('evidence', 'export', '--from', day, '--to', day)}"


def _tell(reach: Reach, voice: Voice, found: Found, now: float) -> None:
    """Tell of one record."""
    voice.line(f"{found.kind}: {headline(found.record)}", style="bold")
    sealed = sealing(reach, found.record)
    told = [f"record {found.record.key}", *timeline(found.record, now), numbers(found.record)]
    told += [sealed] if sealed else []
    told += [] if reach.local else [f"log: {query(reach, found.record.key)}"]
    for each in told:
        voice.line(f"  {each}")
