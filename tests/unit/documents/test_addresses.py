"""A table service whose name has dead addresses before the one that answers."""

import pytest

from documents import TableUnavailable
from documents.client import connect_with_key
from infra.local.cloud.servers import KEY_ID, KEY_SECRET, REGION
from ledger import Ledger, RecordKey
from tests.support.addresses import dead, resolving_to
from tests.support.kit import Kit
from worker.clock import Deadline, SystemClock
from worker.threads import within

GONE = [f"127.0.0.{last}" for last in range(2, 7)]


def test_five_dead_addresses_of_the_ledger_cost_no_more_than_one_request_may_take(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sixth would answer, but each of those before it takes as long as a client waits for a connection."""
    port, table = kit.servers.port, kit.stock.table()
    with dead(port, *GONE):
        resolving_to(monkeypatch, *GONE, "127.0.0.1")
        client = connect_with_key(f"http://six.example:{port}", REGION, KEY_ID, KEY_SECRET)
        clock = SystemClock()
        ledger = Ledger(client, table, clock.sleep, Deadline.after(3.0, clock, within).budget())
        try:
            with pytest.raises(TableUnavailable):
                ledger.get(RecordKey("response#1"))
        finally:
            client.close()
