"""`ops erase`: has everything deleted that concerns a person, or the responses of a list."""

import hashlib
import json
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.operate.ops.common import AsJson, By, reach_of, seconds
from infra.operate.ops.ending import DONE, WANTING, misused, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.files import text_of
from infra.operate.ops.follow import EVERY, EVERY_LOCAL
from infra.operate.ops.messages import Given
from infra.operate.ops.ordering import checked, give, note, queue_there
from infra.operate.ops.say import Voice
from infra.operate.ops.send import send_file
from infra.operate.ops.sending import Confirmed
from ledger import RecordKey
from retention.erasure import COMPLETE

FUNCTION, DELETION, REASON = "erase_subject", "delete_response", "erasure"
COUNTED = ("deleted", "already_absent", "held", "dead_lettered", "pending")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ops erase --subject alice --yes --wait; ops erase --ids ids.txt")(erase)


def erase(
    context: typer.Context,
    subject: Annotated[str, typer.Option(help="A person's id: all that is registered for them goes.")] = "",
    ids: Annotated[Path | None, typer.Option(help="A file of responses' ids, one a line: these go.")] = None,
    erasure: Annotated[str, typer.Option("--id", help="The id of an erasure that was begun: wait for that one.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is done: a person's takes half an hour at least.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait.")] = "8d",
    by: By = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Erase a person, or a list of responses. Dates are passed over; what is on hold stays, and goes when it is released."""
    voice, patience = Voice(as_json=as_json), seconds(timeout)
    if bool(subject) == bool(ids):
        raise misused("name a person (--subject), or a file of ids (--ids)")
    if erasure and ids:
        raise misused("--id is of a person's erasure: name the person with --subject")
    reach = reach_of(context)
    if ids:
        return _list(reach, ids, by or reach.who, voice, patience if wait else None, sure=yes)
    return _person(reach, subject, erasure, by or reach.who, voice, patience if wait else None, sure=yes)


def _person(
    reach: Reach, subject: str, erasure: str, by: str, voice: Voice, patience: float | None, *, sure: bool
) -> int:
    queue_there(reach, FUNCTION)
    named = erasure or str(uuid.uuid4())
    record_key, go_on = (
        reach.keys.key("erasure", named),
        reach.hint("erase", "--subject", subject, "--id", named, "--wait"),
    )
    only_wait = (
        bool(erasure) and patience is not None and not sure
    )  # so the hint reads; the function may be slow to begin
    if not only_wait and "begun_at" not in reach.ledger.get(record_key).rest:
        order = checked(reach, FUNCTION, {"subject": subject, "erasure_id": named})
        if not (sure or voice.ask(f"Have all deleted that is registered for {subject}?")):
            return _nothing(voice)
        note(reach, reach.keys.key("subject", subject), {"order": "erase", "by": by}, time.time())
        give(reach, FUNCTION, order)
    summary = _waited(reach, record_key, voice, patience)
    voice.data({"subject": subject, "erasure_id": named, "record_key": record_key, "summary": summary})
    voice.line(f"{subject}: {'erased' if summary else 'the erasure is under way'}", style="bold")
    voice.line(f"  erasure {named}, record {record_key}")
    if not summary:
        voice.line(f"  wait for its end: {go_on}")
        return DONE if patience is None else WANTING
    for name in ("found", *COUNTED):
        voice.line(f"  {summary[name]!s:>7}  {name}")
    if summary["cases"]:
        voice.line(f"  on hold for: {', '.join(summary['cases'])}")
    good = summary["outcome"] == COMPLETE and not summary["held"] and not summary["dead_lettered"]
    return DONE if good else WANTING


def _waited(reach: Reach, record_key: RecordKey, voice: Voice, patience: float | None) -> dict[str, Any] | None:
    """The erasure's summary, once it has one; None where it has not in time."""
    until = time.monotonic() + (patience or 0)
    with voice.progress("looked", None) as bar:
        while True:
            rest = reach.ledger.get(record_key).rest
            bar(int(rest.get("looks", 0)))
            if isinstance(summary := rest.get("history"), dict):
                return {name: int(told) if name in ("found", *COUNTED) else told for name, told in summary.items()}
            if time.monotonic() >= until:
                return None
            time.sleep(EVERY_LOCAL if reach.local else EVERY)


def _list(reach: Reach, file: Path, by: str, voice: Voice, patience: float | None, *, sure: bool) -> int:
    queue_there(reach, DELETION)
    names = [line.strip() for line in text_of(file).splitlines() if line.strip()]
    if not names:
        raise wanting(f"{file}: no id in it")
    messages = [checked(reach, DELETION, {"response_id": name, "reason": REASON}) for name in names]
    if not (sure or voice.ask(f"Have {len(names)} responses deleted?")):
        return _nothing(voice)
    given = Given(messages, file=file, digest=hashlib.sha256(json.dumps([REASON, names]).encode()).hexdigest())
    sent, now = Confirmed(file, DELETION, reach.name, given.digest).numbers, time.time()
    with voice.progress("noted", len(names)) as bar:
        for number, name in enumerate(names):
            if number not in sent:
                note(reach, reach.keys.key("response", name), {"order": "erase", "by": by}, now)
            bar(number + 1)
    return send_file(reach, DELETION, given, voice, patience)


def _nothing(voice: Voice) -> int:
    voice.data({"sent": False})
    voice.line("Nothing was sent. Answer y, or give --yes.")
    return WANTING
