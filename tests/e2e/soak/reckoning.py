"""The reckoning: what was sent against what is there, and every difference that would break a promise of README.md."""

from collections import Counter
from collections.abc import Iterator

from infra.local.catalog import namespace_of
from ledger import Record
from ledger.states import ALREADY_ABSENT, DEAD_LETTERED, DELETED, DONE, FINAL_STATES, HELD, OUTCOME_UNKNOWN
from retention.verification import VERIFIED_ABSENT
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.load import CANCEL, DELETE, GET, HOLD, SWEEP, VERIFY, Kind, Load, Planned
from tests.e2e.soak.reckoning_of_people import erasures
from tests.e2e.soak.reckoning_of_responses import created_responses, polls, registrations
from tests.support.observations import said

DELETIONS = (Kind.STORED, Kind.MISSING, Kind.HELD, Kind.RELEASED)
CREATES = (Kind.CREATED, Kind.REPEATABLE, Kind.REUSED)


def differences(load: Load, found: Evidence) -> list[str]:
    """Everything that is not as promised, most important first; empty where all is."""
    dead_letters = _dead_letters_by_record(found)
    return [
        *(f"still on its way: {waiting.body[:80]}" for waiting in found.waiting),
        *_lost(load, found, dead_letters),
        *_unknown_records(load, found, dead_letters),
        *_deletions(load, found),
        *_creates(load, found, dead_letters),
        *created_responses(load, found, polls(load, found)),
        *registrations(load, found),
        *_polls(load, found, dead_letters),
        *_answers(load, found),
        *_lone_events(load, found),
        *erasures(load, found),
        *_orders(load, found),
        *_dead_letters(load, found),
        *(f"defect: {line[:300]}" for line in found.defects),
    ]


def _dead_letters_by_record(found: Evidence) -> dict[str, set[str]]:
    """The reasons of the dead letters that stand for each record: of a key's own, or of a message's."""
    reasons: dict[str, set[str]] = {}
    for dead_letter in found.dead_letters:
        function, key = dead_letter.attributes.get("function", ""), said(dead_letter).get("key", "")
        if not function:  # the queue moved it, and says nothing
            continue
        for namespace in (namespace_of(function), f"{function}:message"):
            reasons.setdefault(found.keys.key(namespace, key), set()).add(dead_letter.attributes.get("reason", ""))
    return reasons


def _lost(load: Load, found: Evidence, dead_letters: dict[str, set[str]]) -> Iterator[str]:
    dead = Counter((dead_letter.body, dead_letter.attributes.get("reason")) for dead_letter in found.dead_letters)
    for planned in set(load.messages):
        if planned.kind is Kind.BROKEN:
            if not dead[planned.body, "invalid_message"]:
                yield f"lost: a broken message has no dead letter: {planned.body[:80]}"
            continue
        record = found.record(planned.function, planned.key)
        if record.state not in {*FINAL_STATES, HELD, DEAD_LETTERED}:
            yield f"lost: {planned.key} is {record.state}, and nothing is on its way"
        elif record.state == DEAD_LETTERED and record.reason not in dead_letters.get(record.key, ()):
            yield f"lost: {planned.key} is dead-lettered ({record.reason}), but has no dead letter that says so"


def _unknown_records(load: Load, found: Evidence, dead_letters: dict[str, set[str]]) -> Iterator[str]:
    known: set[str] = {found.keys.key(namespace_of(planned.function), planned.key) for planned in load.messages}
    known |= {found.keys.key(HOLD, key) for action in ("place", "release") for key in load.orders(action)}
    known |= {record.key for record in polls(load, found)}
    known |= {record.key for record in found.records.values() if record.registered_hash is not None}
    known |= {record.key for record in found.records.values() if "history" in record.rest or record.erased_at}
    known |= {key for key in found.records if key.startswith(f"{VERIFY}#")}  # the sweep asks, nobody else
    for record in found.records.values():
        is_message = record.key.partition("#")[0].endswith(":message")
        if is_message and (record.state != DEAD_LETTERED or record.reason not in dead_letters.get(record.key, ())):
            yield f"a message's record is {record.state} ({record.reason}), with dead letters {dead_letters.get(record.key)}"
        receipt_of, _, number = record.key.rpartition("#")  # a further receipt's key is the record's and a number
        further = record.state in (DELETED, VERIFIED_ABSENT)
        asked_for = record.key in known or (receipt_of in known and number.isdigit() and further)
        if not is_message and not asked_for and not record.hold:
            yield f"a record that nobody asked for: {record.key} {record.state}"


def _deletions(load: Load, found: Evidence) -> Iterator[str]:
    """Receipts against deletions, both ways: once all dead letters are redriven, each that had an effect has one."""
    known = load.of(*DELETIONS)
    for key, planned in known.items():
        record, effects = found.record(DELETE, key), found.effects(key)
        held, there = planned.kind is Kind.HELD, key in found.stored
        if held and (effects or not there or record.state != HELD):
            yield f"{key} is on hold, but {record.state}, deleted {effects} times"
        elif not held:
            yield from _receipt(key, planned, record, effects, there, found)
    for key in found.calls.keys() - known.keys() - load.of(*CREATES).keys() - load.erased.keys():
        if any(call["effect"] and call["method"] == "DELETE" for call in found.calls[key]):
            yield f"{key} was deleted, but nobody asked for it"


def _receipt(key: str, planned: Planned, record: Record, effects: int, there: bool, found: Evidence) -> Iterator[str]:
    gone = planned.kind is not Kind.MISSING
    if effects + there != gone:
        yield f"{key} was deleted {effects} times, and is {'still' if there else 'not'} there"
    if record.state == DELETED and not effects:
        yield f"{key} has a receipt, but was not deleted"
    if record.state == ALREADY_ABSENT and there:
        yield f"{key} is said to be absent, but is there"
    if record.state not in FINAL_STATES:
        yield f"{key} was deleted {effects} times, but has no receipt: {record.state} {record.reason}"
    elif f"{record.key}#{record.state}" not in found.results:
        yield f"{key} is {record.state}, but no result says so"


def _creates(load: Load, found: Evidence, dead_letters: dict[str, set[str]]) -> Iterator[str]:
    spoken: dict[str, set[str]] = {}
    for planned in load.messages:
        if planned.kind in CREATES:
            spoken.setdefault(planned.key, set()).add(planned.says)
    for key, planned in load.of(*CREATES).items():
        record, billed = found.record(planned.function, key), found.billed(key)
        if billed > 1 and planned.kind is not Kind.REPEATABLE:
            yield f"{key} was billed {billed} times"
        results = found.results.get(f"{record.key}#{record.redrive}", [])
        if record.state == DONE and not (results and billed):
            yield f"{key} is done, with {len(results)} results, billed {billed} times"
        if (
            record.state == DEAD_LETTERED
            and record.reason != OUTCOME_UNKNOWN
            and billed
            and planned.kind is not Kind.REPEATABLE
        ):
            yield f"{key} is dead-lettered as {record.reason}, but was billed"
        texts = {str(result["data"].get("text")) for result in results if result["data"].get("status") == "completed"}
        if not texts <= {f"You said: {text}" for text in spoken[key]}:
            yield f"{key} got another one's answer: {sorted(texts)}"
        if len(texts) > 1 and planned.kind is not Kind.REPEATABLE:
            yield f"{key} got {len(texts)} different answers"
        reasons = dead_letters.get(record.key, set()) - {"key_reused"}
        if len(reasons) > 1:
            yield f"{key} has dead letters that contradict each other: {sorted(reasons)}"


def _polls(load: Load, found: Evidence, dead_letters: dict[str, set[str]]) -> Iterator[str]:
    """Each poll ends, and says so once."""
    for record in polls(load, found):
        said = {str(copy["data"].get("status")) for copy in found.results.get(f"{record.key}#{record.redrive}", [])}
        if record.state == DONE and len(said) != 1:
            yield f"a poll ended with {len(said)} results: {sorted(said)}"
        elif record.state != DONE and record.reason not in dead_letters.get(record.key, ()):
            yield f"lost: a poll is {record.state} ({record.reason}), and nothing is on its way"


def _answers(load: Load, found: Evidence) -> Iterator[str]:
    """Questions about responses are answered by what is there, and change nothing."""
    for key, planned in load.of(Kind.FOUND, Kind.NOT_FOUND).items():
        record = found.record(planned.function, key)
        absent = {copy["data"].get("status") == "absent" for copy in found.results.get(f"{record.key}#0", [])}
        if record.state == DONE and absent != {planned.kind is Kind.NOT_FOUND}:
            yield f"{key} is done, but its results say absent: {sorted(absent)}"
        if found.effects(planned.about):
            yield f"{planned.about} was only asked about, but was changed"


def _lone_events(load: Load, found: Evidence) -> Iterator[str]:
    """What stays in a conversation is put there once; what the service refuses is not done."""
    for key, planned in load.of(Kind.LONE).items():
        record, effects = found.record(planned.function, key), found.effects(key)
        results = found.results.get(f"{record.key}#{record.redrive}", [])
        if effects > 1:
            yield f"{key} took effect {effects} times"
        if record.state == DONE and not results:
            yield f"{key} is done, and no result says so"
        if record.state == DEAD_LETTERED and record.reason != OUTCOME_UNKNOWN and effects:
            yield f"{key} is dead-lettered as {record.reason}, but took effect"
    for key in load.of(Kind.REFUSED):
        if (state := found.record(CANCEL, key).state) != DEAD_LETTERED:
            yield f"{key} can't be cancelled, but is {state}"


def _orders(load: Load, found: Evidence) -> Iterator[str]:
    """Every order of a hold is carried out, and its end is told."""
    for action in ("place", "release"):
        for key in load.orders(action):
            record = found.record(HOLD, key)
            if record.state != DONE or not found.results.get(f"{record.key}#0"):
                yield f"the order {key} is {record.state}, with {len(found.results.get(f'{record.key}#0', []))} results"


def _dead_letters(load: Load, found: Evidence) -> Iterator[str]:
    sent = {planned.body: planned for planned in load.messages}
    reused = Counter(
        sent[dead_letter.body].key
        for dead_letter in found.dead_letters
        if dead_letter.attributes.get("reason") == "key_reused"
    )
    for dead_letter in found.dead_letters:
        ours = dead_letter.attributes.get("function") == GET or f"/aistudio-functions/{SWEEP}" in dead_letter.body
        if dead_letter.body not in sent and not ours:  # a poll, or what the sweep has sent
            yield f"a dead letter that nobody sent: {dead_letter.body[:80]}"
        if not {"reason", "function", "settlement"} <= dead_letter.attributes.keys():
            yield f"a dead letter that does not say where it comes from and why: {dict(dead_letter.attributes)}"
    contents: dict[str, set[str]] = {}
    for planned in load.messages:
        if planned.kind is Kind.REUSED:
            contents.setdefault(planned.key, set()).add(planned.body)
    for key, bodies in contents.items():
        if len(bodies) > 1 and not reused[key]:
            yield f"{key} stood for two contents, and nobody noticed"
    for key in reused.keys() - load.of(Kind.REUSED).keys():
        yield f"{key} is said to be reused, but is not"
