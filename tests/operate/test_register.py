"""`ops register`: a response gets its person and its date, and a policy's responses get new ones."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from infra.local.environment import Environment
from ledger import Keys, Ledger, Record
from ledger.registration import Registration
from retention.registering import register
from tests.operate.conftest import Ops

DAY = 86_400


def record(environment: Environment, name: str) -> Record:
    key = Keys(environment.settings["HASH_KEY"]).key("response", name)
    return Ledger(environment.dynamodb, environment.ledger).get(key)


def orders_of(environment: Environment, key: str) -> list[dict[str, Any]]:
    """The sealed history of orders about a record."""
    page = environment.dynamodb.scan(
        TableName=environment.ledger,
        FilterExpression="history.#of = :of AND history.kind = :order AND attribute_exists(settled_shard)",
        ExpressionAttributeNames={"#of": "of"},
        ExpressionAttributeValues={":of": {"S": key}, ":order": {"S": "order"}},
    )
    read = TypeDeserializer().deserialize
    return [{name: read(value) for name, value in item["history"]["M"].items()} for item in page["Items"]]


def test_a_registered_response_has_its_date_and_who_ordered_it(ops: Ops, environment: Environment) -> None:
    created = datetime.fromtimestamp(time.time() - DAY, UTC).isoformat()

    ran = ops(f"register resp_kept --subject alice --policy session --created-at {created} --by ann")

    assert ran.code == 0, ran.err
    assert "resp_kept: registered\n" in ran.out
    assert "ann registered it" in ran.out
    found = record(environment, "resp_kept")
    assert found.rest["policy"] == "session"
    assert found.subject is not None
    (order,) = orders_of(environment, found.key)
    assert (order["order"], order["by"]) == ("register", "ann")


def test_a_date_of_its_own_is_told_and_shown(ops: Ops, environment: Environment) -> None:
    ran = ops("register resp_dated --delete-after 2190-01-31T00:00:00Z --json")

    assert (ran.code, ran.data["delete_after"]) == (0, "2190-01-31T00:00:00.000Z")
    assert "to be deleted after 2190-01-31" in ops("show resp_dated").out


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ("", 2, "ops: name a response, or a policy with --again"),
        ("resp_1 --again session", 2, "ops: name a response, or a policy with --again"),
        ("resp_1 --policy session --delete-after 2190-01-31T00:00:00Z", 2, "ops: name a policy or a date, not both"),
        ("resp_1 --policy nowhere", 1, "ops: policy: is none of default,"),
        ("--again nowhere", 1, "ops: policy: is none of default,"),
        ("resp_1 --delete-after tomorrow", 1, "ops: register_response would not take it: body.delete_after: "),
        ("'a b'", 1, "ops: register_response would not take it: body.response_id: "),
        ("resp_1 --timeout soon", 2, "ops: 'soon' is no length of time"),
    ],
)
def test_what_can_not_be_registered_is_said_in_a_line(ops: Ops, options: str, code: int, line: str) -> None:
    ran = ops(f"register {options}")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(line)
    assert len(ran.err.splitlines()) == 1


def test_the_responses_of_a_policy_get_the_dates_that_it_says_now(ops: Ops, environment: Environment) -> None:
    keys, ledger = Keys(environment.settings["HASH_KEY"]), Ledger(environment.dynamodb, environment.ledger)
    now = time.time()
    for name, policy in (("resp_old", "session"), ("resp_other", "default")):
        said = Registration(name, int(now * 1000) - 1, "", now, policy=policy, delete_after=now + 90 * DAY)
        for write in register(said, ledger, keys, now):
            ledger.write(write)
    before = record(environment, "resp_old").delete_after

    assert ops("register --again session").code == 1  # without a terminal, and without --yes
    ran = ops("register --again session --yes --by ann --wait --json")

    assert ran.code == 0, ran.err
    assert ran.data["registered"] == ran.data["sent"] == ran.data["found"] >= 1
    assert record(environment, "resp_old").delete_after != before
    after = record(environment, "resp_old")
    assert after.delete_after is not None
    assert datetime.fromisoformat(after.delete_after).timestamp() < now + 60 * DAY
    assert record(environment, "resp_other").rest["policy"] == "default"
    assert datetime.fromisoformat(record(environment, "resp_other").delete_after or "").timestamp() > now + 60 * DAY
    assert [order["by"] for order in orders_of(environment, "policy#session")] == ["ann"]
