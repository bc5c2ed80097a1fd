"""How many calls are made at once under a quota below the ceiling, in simulated runs of the real code."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.simulation.invocations import capture
from tests.simulation.messages import deletion
from tests.simulation.plan import Plan
from tests.simulation.queues import DEAD
from tests.simulation.runs import Scheduled, run

MESSAGES, BATCH, QUOTA = 160, 8, 3


@pytest.fixture(autouse=True)
def _captured() -> Iterator[None]:
    with capture():
        yield


def test_under_a_quota_below_the_ceiling_all_is_done_and_few_calls_are_refused() -> None:
    messages = tuple(deletion(f"m{at}", f"planted-{at}", subject="") for at in range(MESSAGES))
    plan = Plan("delete", messages, batch=BATCH, workers=1, quota=QUOTA, at_once=BATCH, sent_before=True, prompt=3600)

    came = run(plan, Scheduled(()))

    answers = [value for _, _, label, _, value in came.trace if str(label).startswith("DELETE")]
    statuses = Counter(each.status_code for each in answers if isinstance(each, httpx.Response))
    assert came.broken == ""
    assert statuses[200] == MESSAGES
    assert not [label for _, _, label, *_ in came.trace if label == f"sends to {DEAD}"]
    assert statuses[429] <= MESSAGES // BATCH
    invocations = sum(move[:2] == ("trigger", "delivers") for move in came.moves)
    assert invocations <= 1.5 * MESSAGES / BATCH, (
        "an instance whose calls are refused does nothing for the rest of its batch"
    )
