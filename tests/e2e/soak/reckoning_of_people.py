"""The reckoning of people who are erased: all of theirs is deleted once and looked for, and one summary says so."""

from collections.abc import Iterator

from ledger.states import ALREADY_ABSENT, DELETED, DONE
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.load import DELETE, ERASE, VERIFY, Kind, Load


def erasures(load: Load, found: Evidence) -> Iterator[str]:
    """Whatever is registered for an erased person is deleted, whichever message came first."""
    unlooked = [each.body for each in found.dead_letters if each.attributes.get("function") == VERIFY]
    for about in load.erased:
        record, effects = found.record(DELETE, about), found.effects(about)
        if record.state not in (DELETED, ALREADY_ABSENT) or effects != 1 or about in found.stored:
            yield f"{about} is of an erased person, but {record.state}, deleted {effects} times"
        elif f"{record.key}#{record.state}" not in found.results:
            yield f"{about} is {record.state}, but no result says so"
        # Where the answer to its deletion was lost it was absent when it was asked for again: that is not looked for.
        if record.state == DELETED and "verified_at" not in record.rest and not any(about in body for body in unlooked):
            yield f"{about} is deleted, and was not looked for"
    for key, planned in load.of(Kind.ERASURE).items():
        record = found.record(ERASE, key)
        said = {str(copy["data"]) for copy in found.results.get(f"{record.key}#0", [])}
        if record.state != DONE or len(said) != 1:
            yield f"the erasure of {planned.about} is {record.state}, with {len(said)} summaries"
