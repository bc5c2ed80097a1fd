"""What a registered response costs the ledger, from its registration to its seal, by the Document API's price list.

infra/README.md says what comes out.
"""

import re
from collections import Counter

import pytest

import seal_receipts
from infra.local.processes.surroundings import ROOT
from retention.evidence import seal_records
from tests.integration.test_sealing import Vault
from tests.support.kit import Kit
from tests.support.request_units import cost, size_of
from tests.support.retention import Retention
from tests.support.ticking import ticked

RESPONSES = 100
HOUR, DAY = 3_600.0, 86_400.0
STEPS = ("register", "sweep", "delete", "seal")


class Meter:
    """Counts the requests to ledger and queues, and what those to the ledger cost, one step after the other."""

    def __init__(self, scene: Retention) -> None:
        self._scene = scene
        self.units: dict[str, float] = {}
        self.requests: dict[str, int] = {}

    def step(self, name: str) -> None:
        """Count what was asked since the last step; the sizes are those that the items have now."""
        sizes = {item["key"]["S"]: size_of(item) for item in self._scene.deletions.records()}
        ledger, queues = self._scene.kit.ledger.seen, self._scene.kit.queues.seen
        self.units[name] = sum(cost(asked.operation, asked.document, lambda key: sizes.get(key, 0)) for asked in ledger)
        self.requests[name] = len(ledger) + len(queues)
        ledger.clear()
        queues.clear()

    def pages(self, name: str, items: int, size: float) -> None:
        """Add what queries read: their requests do not say it."""
        self.units[name] += items * size / 4096


@pytest.fixture
def measured(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Meter:
    """Responses on one ledger: registered by their messages, swept, deleted, and sealed."""
    monkeypatch.setattr(seal_records, "GAP", 2)
    scene = Retention(kit)
    meter, names = Meter(scene), [f"resp_{number}" for number in range(RESPONSES)]
    scene.studio.seed(*names)
    kit.ledger.seen.clear()
    bench = scene.benches["register_response"]
    for at in range(0, RESPONSES, 100):
        messages = [{"response_id": name, "subject": "alice", "policy": "default"} for name in names[at : at + 100]]
        assert bench.deliver(*[bench.message(each) for each in messages]).acknowledged
    meter.step("register")
    size = size_of(scene.deletions.records()[-1])
    scene.clock.advance(30 * DAY + 60)
    assert scene.sweep()["sent"] == RESPONSES
    meter.step("sweep")
    meter.pages("sweep", RESPONSES, size)
    assert Counter(scene.work()) == {("done", "deleted"): RESPONSES}
    meter.step("delete")
    receipt = max(map(size_of, scene.deletions.records()))
    vault = Vault()
    scene.clock.advance(HOUR)
    for lines in (RESPONSES, 0):  # the next day looks again at each
        scene.clock.advance(DAY)
        now = scene.clock.now()
        assert ticked(scene.deletions, seal_receipts.handler, at=now, seconds=600, bucket=vault)["lines"] == lines
    meter.step("seal")
    meter.pages("seal", 2 * RESPONSES, receipt)
    return meter


def test_request_units_and_round_trips_are_what_the_page_says(measured: Meter) -> None:
    each = {name: measured.units[name] / RESPONSES for name in STEPS}
    page = " ".join((ROOT / "infra/README.md").read_text().split())
    told = re.search(r"register ([\d.]+), sweep ([\d.]+), delete ([\d.]+), seal ([\d.]+) \(and ([\d.]+) a day\)", page)
    trips = re.search(r"register (\d+), sweep (\d+), delete (\d+), seal (\d+) requests", page)
    assert told is not None
    assert trips is not None

    *units, a_day = map(float, told.groups())
    each["seal"] -= a_day / RESPONSES
    for name, expected in zip(STEPS, units, strict=True):
        assert each[name] == pytest.approx(expected, abs=0.3), (name, each)
    assert measured.requests == pytest.approx(dict(zip(STEPS, map(int, trips.groups()), strict=True)), abs=6)
