"""Two deletions of one key: neither waits for the date that the other one carries."""

from datetime import UTC, datetime

import pytest

from tests.faults.steps import throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again

DAY = 86_400


@pytest.fixture
def stored(deletions: Bench) -> Bench:
    deletions.kit.studio.seed("resp_1")
    return deletions


def retention_in_a_month(bench: Bench) -> Entry:
    due = datetime.fromtimestamp(bench.clock.now() + 30 * DAY, UTC).isoformat()
    return bench.message({"response_id": "resp_1", "not_before": due})


def erasure(bench: Bench) -> Entry:
    return bench.message({"response_id": "resp_1", "reason": "erasure"})


def test_an_erasure_does_not_wait_for_a_retention_date(stored: Bench) -> None:
    assert stored.deliver(retention_in_a_month(stored)).ends == [("deferred", None)]
    stored.clock.advance(3600)

    assert stored.deliver(erasure(stored)).ends == [("done", "deleted")]
    assert stored.kit.studio.stored() == []


def test_an_erasure_that_is_refused_is_parked_though_an_earlier_message_waits(stored: Bench) -> None:
    stored.deliver(retention_in_a_month(stored))
    stored.clock.advance(3600)
    stored.kit.studio.fault(match={"id": "resp_1"}, status=400)

    assert stored.deliver(erasure(stored)).ends == [("parked", "rejected")]
    assert [letter.attributes["reason"] for letter in stored.letters()] == ["rejected"]


def test_a_deferred_erasure_that_returns_with_its_batch_is_not_copied_again(stored: Bench) -> None:
    stored.deliver(retention_in_a_month(stored))
    stored.take_copies()
    stored.clock.advance(3600)
    throttle(stored)
    message = erasure(stored)
    stored.deliver(message)

    assert stored.deliver(again(message)).ends == [("done", "superseded")]
    assert len(stored.copies()) == 1


def test_the_retention_message_finds_the_erasure_done(stored: Bench) -> None:
    stored.deliver(retention_in_a_month(stored))
    stored.clock.advance(3600)
    stored.deliver(erasure(stored))
    stored.clock.advance(30 * DAY)

    assert stored.deliver(*stored.take_copies()).ends == [("done", "deleted")]
    assert stored.calls("resp_1") == 1


def test_an_erasure_that_arrives_late_does_not_wait_for_a_date_given_after_it(stored: Bench) -> None:
    late = erasure(stored)
    stored.clock.advance(60)
    stored.deliver(retention_in_a_month(stored))

    assert stored.deliver(late).ends == [("done", "deleted")]
