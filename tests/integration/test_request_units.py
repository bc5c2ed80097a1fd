"""What a registered response costs the ledger, from its registration to its seal, by the Document API's price list.

Reading costs 1 request unit for each 4 KB, a write 2 for each KB, a write in a transaction 4 for each KB
(https://yandex.cloud/en/docs/ydb/pricing/ydb-docapi). infra/README.md says what comes out.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

import seal_receipts
from infra.local.processes.surroundings import ROOT
from retention.evidence import chain as chain_module
from tests.integration.test_sealing import Vault
from tests.support.kit import Kit
from tests.support.retention import Retention
from tests.support.ticking import ticked

RESPONSES = 100
HOUR, DAY = 3_600.0, 86_400.0
STEPS = ("register", "sweep", "delete", "seal")


class Meter:
    """Counts what the requests to the ledger cost, one step after the other."""

    def __init__(self, scene: Retention) -> None:
        self._scene = scene
        self.units: dict[str, float] = {}

    def step(self, name: str) -> None:
        """Count what was asked since the last step; the sizes are those that the items have now."""
        sizes = {item["key"]["S"]: size_of(item) for item in self._scene.deletions.records()}
        seen = list(self._scene.kit.ledger.seen)
        self._scene.kit.ledger.seen.clear()
        self.units[name] = sum(cost(asked.operation, asked.document, sizes) for asked in seen)

    def pages(self, name: str, items: int, size: float) -> None:
        """Add what queries read: their requests do not say it."""
        self.units[name] += items * size / 4096


def size_of(item: Mapping[str, Any]) -> int:
    """The bytes of an item: its names and its values."""
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: Any) -> int:
    ((kind, inner),) = value.items()
    if kind == "M":
        return size_of(inner)
    return (
        sum(map(_size, inner))
        if kind == "L"
        else sum(map(len, inner))
        if kind.endswith("S") and kind != "S"
        else len(str(inner))
    )


def cost(operation: str, document: Mapping[str, Any], sizes: Mapping[str, int]) -> float:
    """The request units of one request."""

    def blocks(key: Mapping[str, Any], block: int) -> int:
        return max(1, math.ceil(sizes.get(key["key"]["S"], 0) / block))

    if operation == "GetItem":
        return blocks(document["Key"], 4096)
    if operation == "BatchGetItem":
        return sum(blocks(key, 4096) for asked in document["RequestItems"].values() for key in asked["Keys"])
    if operation == "UpdateItem":
        return 2 * blocks(document["Key"], 1024)
    if operation == "TransactWriteItems":
        return sum(4 * blocks(each["Update"]["Key"], 1024) for each in document["TransactItems"])
    assert operation == "Query", operation
    return 1


@pytest.fixture
def measured(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Meter:
    """Responses on one ledger: registered by their messages, swept, deleted, and sealed."""
    monkeypatch.setattr(chain_module, "GAP", 2)
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
    vault, over = Vault(), scene.clock.now() + DAY + HOUR
    for day, lines in enumerate((RESPONSES, 0)):  # the next day looks again at each
        fired = over + day * DAY
        assert ticked(scene.deletions, seal_receipts.handler, at=fired, seconds=600, bucket=vault)["lines"] == lines
    meter.step("seal")
    meter.pages("seal", 2 * RESPONSES, receipt)
    return meter


def test_the_request_units_of_a_deletion_are_what_the_page_says(measured: Meter) -> None:
    each = {name: measured.units[name] / RESPONSES for name in STEPS}

    page = (ROOT / "infra/README.md").read_text()
    told = re.search(r"register ([\d.]+), sweep ([\d.]+), delete ([\d.]+), seal ([\d.]+) \(and ([\d.]+) a day\)", page)

    assert told is not None
    *units, a_day = map(float, told.groups())
    each["seal"] -= a_day / RESPONSES
    for name, expected in zip(STEPS, units, strict=True):
        assert each[name] == pytest.approx(expected, abs=0.3), (name, each)
