"""The reckoning of created responses: one create a key, one registered record a learned id, one end a poll."""

from collections import defaultdict
from collections.abc import Iterator

from ledger import Record
from ledger.states import DEAD_LETTERED, DONE, OUTCOME_UNKNOWN
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.load import GET, RESPOND, Kind, Load


def polls(load: Load, found: Evidence) -> list[Record]:
    """The records of polls: of questions that nobody but a create has asked."""
    asked = {found.keys.key(GET, planned.key) for planned in load.messages if planned.function == GET}
    return [record for key, record in found.records.items() if key.startswith(f"{GET}#") and key not in asked]


def created_responses(load: Load, found: Evidence, polled: list[Record]) -> Iterator[str]:
    """Each key's response is created once, and its end is told by the create or a poll."""
    told = _told(found)
    untold = 0
    for key, planned in load.of(Kind.ANSWERED, Kind.UNKEPT).items():
        record, created = found.record(RESPOND, key), found.created(planned.says)
        ids = told.get(f"You said: {planned.says}", set())
        if created > 1:
            yield f"{key} was created {created} times"
        if len(ids) > 1:
            yield f"{key} got {len(ids)} different responses"
        if record.state == DONE and not created:
            yield f"{key} is done, but nothing was created"
        if record.state == DEAD_LETTERED and record.reason != OUTCOME_UNKNOWN and created:
            yield f"{key} is dead-lettered as {record.reason}, but was created"
        untold += record.state == DONE and not ids
        if planned.kind is Kind.UNKEPT and ids & registered_ids(found).keys():
            yield f"{key} was not to be stored, but is registered"
    dead = sum(record.state == DEAD_LETTERED for record in polled)
    if untold > dead:
        yield f"{untold} created responses were never told, but only {dead} polls are dead-lettered"


def registrations(load: Load, found: Evidence) -> Iterator[str]:
    """Whatever id was learned, or told by another application, has its record; and no other id has."""
    asked = {planned.about for planned in load.of(Kind.REGISTERED).values()}
    says = {f"You said: {planned.says}" for planned in load.of(Kind.ANSWERED).values()}
    learned = {each for text, ids in _told(found).items() if text in says for each in ids}
    learned |= {r.response_id for key, r in found.records.items() if key.startswith(f"{RESPOND}#") and r.response_id}
    registered = registered_ids(found)
    for each in sorted((learned | asked) - registered.keys()):
        yield f"{each} was learned, but is not registered"
    for each in sorted(registered.keys() - asked - load.erased.keys() - found.stored):
        yield f"{each} is registered, but nobody created it"


def registered_ids(found: Evidence) -> dict[str, Record]:
    """The records of registered responses, by their raw ids."""
    return {r.response_id: r for r in found.records.values() if r.registered_hash is not None and r.response_id}


def _told(found: Evidence) -> dict[str, set[str]]:
    """The ids of responses in the results, by what they say."""
    ids: dict[str, set[str]] = defaultdict(set)
    for copies in found.results.values():
        for data in (copy["data"] for copy in copies if isinstance(copy.get("data"), dict)):
            if data.get("status") == "completed" and isinstance(data.get("response"), dict):
                ids[str(data.get("text"))].add(str(data["response"].get("id")))
    return dict(ids)
