"""The second chapter of the demo: three stored responses, from their registration to the sealed proof of their ends.

The clock is compressed: where the story says that time passes, the clocks of all that runs here are set ahead.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from infra.local.demo.stage import NotAsTold, Stage, stage, wait
from infra.local.processes.clock_ahead import ClockAhead
from infra.local.processes.surroundings import ROOT
from ledger import Keys, Ledger, Record

FUNCTIONS = (
    "create_response",
    "delete_response",
    "erase_subject",
    "legal_hold",
    "register_response",
    "retention_sweep",
    "seal_receipts",
    "verify_deletion",
)
OUT = ROOT / ".local" / "demo"
QUESTION = '{"event_id": "evt_1", "model": "gpt://b1glocalfolder/some-model", "input": "Where is my parcel?", "subject": "ann"}'
DAY, HOUR, MINUTE = 86_400, 3_600, 60


class Told:
    """The story's stage, its clock, and its ledger."""

    def __init__(self, on: Stage, clock: ClockAhead) -> None:
        self.on, self.clock = on, clock
        there = on.environment
        self._ledger = Ledger(there.dynamodb, there.ledger)
        self._keys = Keys(there.settings["HASH_KEY"])

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.clock.set_to(self.clock.now() + seconds)

    def record(self, name: str) -> Record:
        """The record of a response."""
        return self._ledger.get(self._keys.key("response", name))

    def swept(self, until: Callable[[], bool]) -> None:
        """Let the sweep's timer tick until that is so."""
        wait(until, lambda: self.on.tick("retention_sweep"))


def story(told: Told) -> Path:
    """Tell it, and return the page. Raises NotAsTold."""
    on, studio = told.on, told.on.environment.studio
    begun = datetime.fromtimestamp(told.clock.now(), UTC).date()
    studio.seed("resp_bob", "resp_carl")
    on.tell("1. Three answers are stored. Each is registered: its person, and that it is kept for a day.")
    on.type(f'ops send create_response \'{QUESTION[:-1]}, "policy": "session"}}\'', r"^evt_1: done")
    on.type("ops register resp_bob --subject bob --policy session", r"^resp_bob: registered.*")
    on.type("ops register resp_carl --subject carl --policy session", r"^resp_carl: registered.*")
    on.tell("2. What concerns Bob is needed in a case: nothing of it may be deleted.")
    on.type("ops hold place bob --person --case 'case 42' --by legal", r"^bob: placed")
    on.tell("3. Ann asks to be forgotten. Hers goes at once; half an hour later nothing was missed.")
    on.type("ops erase --subject ann --id ann-1 --by privacy --yes", r"^ann: .*")
    told.swept(lambda: len(studio.stored()) == 2)
    told.pass_time(40 * MINUTE)
    on.type("ops erase --subject ann --id ann-1 --wait --timeout 2m", r"^ann: erased|^ +\d+  deleted$")
    on.tell("4. A day later the sweep, which runs every five minutes, finds what is due.")
    told.pass_time(DAY - 35 * MINUTE)
    told.swept(lambda: studio.stored() == ["resp_bob"] and told.record("resp_bob").state == "held")
    on.type("ops show resp_bob", r"^response resp_bob: not done.*")
    told.pass_time(2 * HOUR)
    told.swept(lambda: bool(told.record("resp_carl").rest.get("verified_at")))
    on.type("ops show resp_carl", r"^response resp_carl: deleted|^ *\d.*(?:receipt 1\)|stays away)$")
    on.tell("5. Each day's receipts, holds and orders are sealed, chained to the day before.")
    midnight = datetime.fromtimestamp(told.clock.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told.clock.set_to((midnight + timedelta(days=1, minutes=70)).timestamp())
    head = sealed(on)
    on.tell("6. The proof: exported, and checked with nothing but the file and the head that others were sent.")
    on.type(f"ops evidence export --from {begun} --out {OUT.relative_to(ROOT)}", r"^\d+ lines of \d+ days")
    (page,) = OUT.glob("*.html")
    on.type(f"ops evidence verify {page.relative_to(ROOT)} --head {head}", r".*holds: \d+ lines are proved")
    return page


def sealed(on: Stage) -> str:
    """Let the timer of the seals tick, say what it did, and return the head that it published last."""
    said = on.tick("seal_receipts")
    on.say(f"timer: seal_receipts sealed {said['sealed']} days, {said['lines']} lines, and published the heads")
    events = [json.loads(each.body) for each in on.environment.servers.peek(on.environment.results)]
    heads = {event["data"]["day"]: event["data"]["head"] for event in events if event["type"] == "yandex.aistudio.seal"}
    if said["left"] or said["published"] != said["sealed"]:
        raise NotAsTold(f"seal_receipts: {said}")
    return str(heads[max(heads)])


def tell(console: Console) -> Path:
    """Tell the chapter, and return the page. Raises NotAsTold."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("evidence-*"):
        old.unlink()
    with ClockAhead.here(OUT / "clock") as clock, stage(console, FUNCTIONS) as on:
        page = story(Told(on, clock))
    on.tell("One erased, one deleted when it was due and looked for since, one on hold: all three are proved.")
    return page
