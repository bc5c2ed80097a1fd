"""Row 29 of the fault matrix: a hold that is placed while a message waits, and released."""

import pytest

from tests.integration.steps import delete, deletion
from tests.support.bench import Bench

DAY = 86_400


@pytest.mark.row(29)
def test_a_hold_placed_while_a_message_waits_holds_and_its_release_lets_a_later_one_delete(stored: Bench) -> None:
    message, record_key = deletion(stored), stored.keys.key("response", "resp_1")
    stored.holds.place(record_key, "case-1", stored.clock.now())

    assert stored.deliver(message).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]
    stored.holds.release(record_key, "case-1")
    stored.clock.advance(DAY)
    assert delete(stored) == [("done", "deleted")]
