"""The samples in events/, each handed to its function until it has ended as the file says."""

from collections import Counter

import pytest

import delete_response
from infra.local.samples.case import Case, cases
from tests.support.bench import Bench

CASES = [case for case in cases() if case.function == delete_response.handler.function.name]
MOST_ROUNDS = 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_sample_ends_as_its_file_says(deletions: Bench, case: Case) -> None:
    deletions.studio.seed(*case.sample.stored)
    deletions.studio.faults(list(case.sample.faults))
    for held in case.sample.holds:
        deletions.holds.place(deletions.keys.key(deletions.function.namespace, held), "case-1", deletions.clock.now())

    case = case.redated(deletions.clock.now(), deletions.secret)
    first = deletions.deliver(*case.event["messages"])
    later = [end for end in case.sample.ends if end.end in ("retry", "deferred") and (end.outcome or end.reason)]
    for _ in range(MOST_ROUNDS if later else 0):
        deletions.clock.advance(900)
        deletions.deliver(*deletions.take_copies())

    rows = [
        deletions.row(end.key) if end.key is not None else deletions.message_row(message["message_id"])
        for end, message in zip(case.sample.ends, case.messages, strict=True)
    ]
    ended = Counter((line["key"], line["end"]) for line in first.lines if "end" in line)
    assert ended == Counter((row.key, end.end) for row, end in zip(rows, case.sample.ends, strict=True))
    for row, end in zip(rows, case.sample.ends, strict=True):
        if end.outcome is not None:
            assert row.state == end.outcome
        if end.reason is not None:
            assert (row.state, row.reason) == ("dead_lettered", end.reason)
            assert end.reason in [letter.attributes["reason"] for letter in deletions.letters()]
        if end.key is not None:
            assert deletions.calls(end.key) == end.calls
    assert first.acknowledged is all(end.end != "unsettled" for end in case.sample.ends)
