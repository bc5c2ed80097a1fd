"""Orders of any kind, by a machine whose clock is wrong."""

import re
import time
from types import SimpleNamespace

import pytest

from infra.local.environment import Environment
from tests.operate.conftest import Ops
from tests.operate.dead_letters import deletions


@pytest.mark.parametrize(
    "order",
    [
        "hold place resp_late --case '1'",
        "hold place response#0 --case '1'",
        "register resp_late --policy session",
        "erase --subject late --yes",
        "dead-letters redrive --yes",
    ],
)
def test_no_order_is_given_by_a_clock_that_the_ledger_s_does_not_agree_with(
    ops: Ops, environment: Environment, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    deletions(environment, ["resp_late"])
    before = environment.dynamodb.scan(TableName=environment.ledger)["Items"]
    wrong = SimpleNamespace(time=lambda: time.time() - 2 * 86_400)
    monkeypatch.setattr("infra.operate.ops.environments.time", wrong)

    refused = ops(order)

    assert refused.code == 1
    assert re.search(r"this machine.s clock is -172,[78]\d\d s off the ledger.s", refused.err)
    assert environment.dynamodb.scan(TableName=environment.ledger)["Items"] == before
