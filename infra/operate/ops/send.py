"""`ops send`: checks a message, sends it, and waits for what becomes of it."""

import time
from collections import Counter
from typing import Annotated, Any

import typer

from infra.operate.ops.common import AsJson, reach_of, seconds
from infra.operate.ops.dead_letters.dead_letter import delivered_id
from infra.operate.ops.ending import DONE, WANTING, services, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.follow import Follower, Sent, calls, dead_letters, ended, result
from infra.operate.ops.messages import Given, Outgoing, read
from infra.operate.ops.ordering import queue_there
from infra.operate.ops.records import query
from infra.operate.ops.sample import prepare
from infra.operate.ops.say import Voice
from infra.operate.ops.sending import Confirmed, send_lines
from infra.operate.ops.story import headline, numbers, timeline
from ledger import Key, Record, RecordKey
from ledger.states import DEAD_LETTERED


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="""Example: ops send delete_response '{"response_id": "resp_1"}'""")(send)


def send(
    context: typer.Context,
    function: Annotated[str, typer.Argument(help="The function whose queue it goes to.")],
    message: Annotated[
        str, typer.Argument(help="JSON; or - ; or a file: .json a message or a sample, else a message a line.")
    ],
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for what becomes of it.")] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait.")] = "2m",
    as_json: AsJson = False,
) -> int:
    """Send to a function: checked first, in an envelope with an id; then wait and tell how it ended."""
    voice, reach, patience = Voice(as_json=as_json), reach_of(context), seconds(timeout)
    reach.queue(function)
    given = read(reach, function, message)
    if given.file is not None:
        return send_file(reach, function, given, voice, None if no_wait else patience)
    if given.case is not None:
        for line in prepare(reach, given.case):
            voice.line(line)
    follower = Follower(reach, voice, patience)
    sent = [_send_one(reach, function, each) for each in given.messages]
    for each in sent:
        voice.line(f"sent to {function}: message {each.message_id}, key {each.key}")
    if no_wait:
        voice.data({"sent": [_told(each) for each in sent]})
        return DONE
    records = follower.follow(sent)
    with services():
        outcomes = [_outcome(reach, follower, each, records[each.record_key]) for each in sent]
    voice.data({"sent": outcomes})
    for outcome in outcomes:
        _tell(reach, voice, outcome)
    return DONE if all(outcome["ended"] and not outcome["dead_letters"] for outcome in outcomes) else WANTING


def _send_one(reach: Reach, function: str, outgoing: Outgoing) -> Sent:
    before = reach.ledger.get(outgoing.record_key) if outgoing.record_key else Record(RecordKey(""))
    attributes: Any = {
        name: {"DataType": kind, "StringValue": text} for name, (kind, text) in outgoing.message.attributes.items()
    }
    answer = reach.sqs.send_message(
        QueueUrl=reach.queue(function), MessageBody=outgoing.message.body, MessageAttributes=attributes
    )
    message_id = delivered_id(answer["MessageId"])
    if outgoing.key is not None and outgoing.record_key is not None:
        return Sent(message_id, outgoing.key, outgoing.record_key, before)
    record_key = reach.keys.key(f"{function}:message", message_id)
    return Sent(message_id, Key(message_id), record_key, Record(record_key))


def _outcome(reach: Reach, follower: Follower, sent: Sent, record: Record) -> dict[str, Any]:
    return _told(sent) | {
        "ended": ended(sent, record),
        "state": record.state,
        "reason": record.reason if record.state == DEAD_LETTERED else None,
        "said": headline(record),
        "timeline": timeline(record, time.time()),
        "numbers": numbers(record),
        "deliveries": follower.deliveries([sent]),
        "calls": calls(reach, sent.key),
        "result": result(reach, sent.record_key),
        "dead_letters": [each.told() for each in dead_letters(reach, sent, record)],
    }


def _told(sent: Sent) -> dict[str, Any]:
    return {"message_id": sent.message_id, "key": sent.key, "record_key": sent.record_key}


def _tell(reach: Reach, voice: Voice, outcome: dict[str, Any]) -> None:
    style = "bold green" if outcome["ended"] and not outcome["dead_letters"] else "bold yellow"
    voice.line(f"{outcome['key']}: {outcome['said']}" + ("" if outcome["ended"] else " (not ended yet)"), style=style)
    if not outcome["ended"]:
        again = reach.hint("show", outcome["key"])
        voice.line(f"  look again: {again}  (if nothing is known of it then, HASH_KEY is another)")
    voice.line(f"  record {outcome['record_key']}")
    for told in (*outcome["timeline"], outcome["numbers"]):
        voice.line(f"  {told}")
    if not reach.local:
        voice.line(f"  its deliveries are in the log: {query(reach, outcome['record_key'])}")
        voice.line("  its result is for the consumers of the results queue, and is not taken from them")
    if outcome["calls"]:
        voice.line(f"  calls of AI Studio: {', '.join(outcome['calls'])}")
    if found := outcome["result"]:
        data = found.get("data", {})
        voice.line(f"  result {found['id']}: {data.get('outcome') or data.get('status') or 'sent'}")
        if text := data.get("text"):
            voice.line(f"  {text}")
    for dead_letter in outcome["dead_letters"]:
        voice.line(
            f"  dead letter {dead_letter['message_id']}: {dead_letter['reason']} ({dead_letter['detail'] or 'no detail'})"
        )
        voice.line(f"  see it: {reach.hint('dead-letters', 'show', outcome['key'], '--body')}")


def send_file(reach: Reach, function: str, given: Given, voice: Voice, patience: float | None) -> int:
    """Send what a file holds, and go on where an earlier run ended; count the ends, where there is patience for that."""
    file = given.file
    if file is None:
        raise ValueError("only a file is sent line by line")
    queue_there(reach, function)
    confirmed, total = Confirmed(file, function, reach.name, given.digest), len(given.messages)
    if before := len(confirmed.numbers):
        voice.line(f"{before} of {total} were confirmed before ({confirmed.path})")
    with voice.progress("confirmed", total) as bar:
        failed = send_lines(reach, function, given, confirmed, bar)
    voice.line(f"{len(confirmed.numbers)} of {total} are in the queue of {function}")
    if failed:
        raise wanting(f"{failed} lines were not confirmed: run the same command again, it goes on from there")
    if patience is None:
        voice.data({"confirmed": total, "ends": None})
        return DONE
    keys = {each.record_key: each.key for each in given.messages}
    unique = [
        Sent("", key, record, Record(RecordKey(""))) for record, key in keys.items() if record is not None and key
    ]
    records = Follower(reach, voice, patience).follow(unique)
    ends = Counter(record.state or "unknown" for record in records.values())
    over = all(ended(each, records[each.record_key]) for each in unique)
    voice.data({"confirmed": total, "ends": dict(ends), "ended": over})
    for state, count in sorted(ends.items()):
        voice.line(f"{count:7}  {state}")
    return DONE if over and not ends[DEAD_LETTERED] else WANTING
