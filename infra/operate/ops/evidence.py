"""`ops evidence`: what was sealed, exported as files that prove themselves, and the check of such a file."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.operate.evidence.choice import Chosen, about, lines_of
from infra.operate.evidence.figures import figures, span
from infra.operate.evidence.page import About, Hold, evidence_of, page, whole
from infra.operate.evidence.sheet import sheet
from infra.operate.ops.common import AsJson, reach_of
from infra.operate.ops.ending import DONE, WANTING, misused, unreachable, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.holding import held
from infra.operate.ops.say import Voice, counted
from infra.operate.ops.story import orders
from ledger import Record, RecordKey
from retention.evidence.export import exported
from retention.evidence.seal_records import Sealed, chain
from retention.evidence.seals import SealedDay
from retention.evidence.verify import Fault, verify
from worker import clients
from worker.send.bucket import Bucket, StorageUnavailable

app = typer.Typer(help="Export what was sealed, and check an export.", no_args_is_help=True)

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD")]


@app.command("export", epilog="Example: ops evidence export --from 2026-11-01 --to 2026-11-30 --out november")
def export_(
    context: typer.Context,
    first: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day; the first that is sealed.")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day; the last that is sealed.")
    ] = "",
    subject: Annotated[str, typer.Option(help="A person's id: only what concerns them.")] = "",
    out: Annotated[Path, typer.Option(help="The folder to write to; it is made.")] = Path(),
    as_json: AsJson = False,
) -> int:
    """Write sealed days: lines with their proofs (.jsonl), a table (.csv), and a page with figures and charts (.html)."""
    voice = Voice(as_json=as_json)
    if not (first or last or subject):
        raise misused("say which days (--from, --to), or about which person (--subject)")
    begin, end = _day(first), _day(last)
    out.mkdir(parents=True, exist_ok=True)
    reach, now = reach_of(context), time.time()
    person = RecordKey(reach.keys.key("subject", subject)) if subject else None
    with _evidence():
        seals = [] if begin and begin > datetime.fromtimestamp(now, UTC).date() else chain(reach.ledger, begin, end)
        if not seals:
            raise wanting("nothing is sealed on those days: a day is sealed an hour after its end (UTC)")
        days = list(_days(reach, seals, voice))
    chosen = about(days, person) if person else None
    stem = f"evidence-{seals[0].seal.day}_{seals[-1].seal.day}" + (f"-{person.split('#')[1][:8]}" if person else "")
    scope = f"what concerns {person}" if person else "all that was sealed"
    lines = list(exported(days, chosen))
    kept = [each for each in lines_of(days) if chosen is None or chosen(each[3])]
    figured = figures(line for _, _, _, line in kept)
    holds = _holds(reach, voice, chosen, [line for _, _, _, line in kept])
    said = About(Path(reach.name).name, scope, f"{stem}.html", now)
    files = {
        f"{stem}.jsonl": b"".join(line + b"\n" for line in lines),
        f"{stem}.csv": "".join(sheet(kept)).encode(),
        f"{stem}.html": page(said, [each.seal for each in seals], figured, holds, lines),
    }
    for name, content in files.items():
        (out / name).write_bytes(content)
    head = seals[-1].seal.head
    voice.data({"files": [str(out / name) for name in files], "lines": len(kept), "days": len(seals), "head": head})
    voice.line(
        f"{counted(len(kept), 'line', 'lines')} of {counted(len(seals), 'day', 'days')}, {seals[0].seal.day} to {seals[-1].seal.day};"
        f" the last head is {head}"
    )
    if figured.delays:
        lengths = ", ".join(
            f"{name} {span(figured.quantile(share))}"
            for name, share in (("median", 0.5), ("95 %", 0.95), ("longest", 1))
        )
        voice.line(f"deleted after it was due: {lengths}")
    for name in files:
        voice.line(f"  {out / name}")
    return DONE


@app.command("verify", epilog="Example: ops evidence verify november/evidence-2026-11-01_2026-11-30.jsonl")
def verify_(
    file: Annotated[Path, typer.Argument(help="An export's .jsonl or .html.")],
    head: Annotated[str, typer.Option(help="A head that somebody else kept, of any day in the file.")] = "",
    as_json: AsJson = False,
) -> int:
    """Check an export with nothing but the file, and name each line that fails."""
    voice = Voice(as_json=as_json)
    content = file.read_bytes()
    lines, faults = _lines(content, file)
    verdict = verify(lines, head.strip().lower() or None)
    faults += verdict.faults
    voice.data(
        {
            "holds": not faults,
            "proved": verdict.proved,
            "head": verdict.head,
            "complete": verdict.complete,
            "faults": [{"line": fault.line, "problem": fault.problem} for fault in faults],
        }
    )
    for fault in faults:
        where = f"line {fault.line}: " if fault.line else ""
        voice.line(f"{where}{fault.problem}", style="bold red")
    if faults:
        voice.line(f"{file} is not what was sealed: {len(faults)} faults; {verdict.proved} lines are proved.")
        return WANTING
    kept = "the head that was given is in it" if head else "compare it with a head that somebody else kept"
    proved = counted(verdict.proved, "line is", "lines are")
    voice.line(f"{file} holds: {proved} proved. Its last head is {verdict.head}; {kept}", style="bold green")
    if not verdict.complete:
        voice.line("It is a selection: its lines are proved, but not that there are no others.")
    return DONE


def _lines(content: bytes, file: Path) -> tuple[Sequence[bytes], list[Fault]]:
    """The lines of an export, and what is wrong with the page around them, which is line 0. Raises Ended."""
    if not content.lstrip().startswith(b"<"):
        if not content.startswith(b"{"):
            raise misused(f"{file} is neither an export's .jsonl nor its page")
        return content.splitlines(), []
    lines = evidence_of(content)
    if not lines:
        raise misused(f"{file} holds no lines: check the .jsonl beside it")
    return lines, [] if whole(content) else [Fault(0, "the page was changed since it was made")]


def _days(reach: Reach, seals: Sequence[Sealed], voice: Voice) -> Iterator[SealedDay]:
    """The sealed days with their lines."""
    if not reach.settings.evidence_bucket:
        raise misused(f"{reach.name}: EVIDENCE_BUCKET is not set")
    bucket = Bucket(lambda: clients.storage(reach.settings, clients.LONGEST_EVIDENCE), reach.settings.evidence_bucket)
    with voice.progress("days", len(seals)) as bar:
        for number, each in enumerate(seals):
            yield SealedDay.read(each.seal, bucket.get)
            bar(number + 1)


def _holds(reach: Reach, voice: Voice, chosen: Chosen | None, lines: Sequence[bytes]) -> list[Hold]:
    """What is on hold now; of a person's export, what its lines are about."""
    text = b"\n".join(lines)
    return [
        Hold(
            each.key,
            sorted(each.hold),
            _since(each),
            sorted({str(order.get("by", "")) for order in orders(each)} - {""}),
        )
        for each in held(reach, voice)
        if chosen is None or each.key.encode() in text
    ]


def _since(record: Record) -> float:
    at: Any = record.rest.get("hold_at")
    return float(at) if isinstance(at, int | float) else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise misused(f"{text!r} is no day: write it as 2026-11-22") from None


@contextmanager
def _evidence() -> Iterator[None]:
    """Turn what the evidence may be wrong with into the command's end."""
    try:
        yield
    except StorageUnavailable as error:
        raise unreachable(f"the evidence bucket can't be read: {error}") from None
    except ValueError as error:
        raise wanting(f"the evidence is not what was sealed: {error}") from None
