"""`ops hold`: what is on hold is not deleted, and who ordered it is kept."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra.deploy import table
from infra.local.environment import Environment
from ledger.agenda import text_of
from retention.hold_orders import LONGEST_INVOCATION
from tests.operate.conftest import Ops, Ran
from tests.support.waiting import eventually

DELETE = "send --json delete_response"


def message(name: str, **more: str) -> str:
    fields = {"response_id": name, **more}
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in fields.items()) + "}"


def test_a_held_response_is_not_deleted_until_its_hold_is_released(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_held")

    placed = ops("hold place resp_held --case 'case 42' --by counsel --json")
    assert (placed.code, placed.data["status"], placed.data["cases"]) == (0, "placed", ["case 42"])
    assert placed.data["effective_at"] > time.time() + 600

    assert ops(DELETE, message("resp_held")).data["sent"][0]["state"] == "held"
    assert environment.studio.stored() == ["resp_held"]
    assert "counsel placed a hold for case 42" in ops("show resp_held").out
    history = environment.dynamodb.scan(
        TableName=environment.ledger,
        FilterExpression="history.ordered_by = :by",
        ExpressionAttributeValues={":by": {"S": "counsel"}},
    )
    assert [item["history"]["M"]["action"] for item in history["Items"]] == [{"S": "place"}]

    assert ops("hold release resp_held --case 'case 42' --by judge").code == 0
    assert ops(DELETE, message("resp_held")).data["sent"][0]["state"] == "deleted"
    orders = ops("hold show resp_held --json").data["orders"]
    assert [(each["order"], each["by"]) for each in orders] == [("place", "counsel"), ("release", "judge")]


def test_a_release_by_the_key_of_a_record_makes_due_what_was_held(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_by_key")
    ops("hold place resp_by_key --case 5")
    key = ops("hold show resp_by_key --json").data["record_key"]
    assert ops(DELETE, message("resp_by_key")).data["sent"][0]["state"] == "held"

    assert ops(f"hold release '{key}' --case 5 --by judge").code == 0

    item = environment.dynamodb.get_item(TableName=environment.ledger, Key={"key": {"S": key}})["Item"]
    assert item["due_at"]["S"] <= text_of(time.time())
    assert "held_by" not in item


def test_a_hold_on_a_person_holds_what_names_them(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_of_alice")
    assert ops("hold place alice --person --case 7").code == 0

    (sent,) = ops(DELETE, message("resp_of_alice", subject="alice")).data["sent"]

    assert sent["state"] == "held"
    assert ops("hold release alice --person --case 7").code == 0


def waiting_for(ops: Ops, environment: Environment, name: str, meanwhile: Callable[[str], object]) -> Ran:
    """How `hold place --wait` ends, where this happens once the hold is placed, and has then had its time."""
    key = ops(f"hold show {name} --json").data["record_key"]
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(ops, f"hold place {name} --case 8 --wait --json")
        eventually(lambda: "hold" in environment.item(key))
        meanwhile(key)
        environment.dynamodb.update_item(
            TableName=environment.ledger,
            Key={"key": {"S": key}},
            UpdateExpression="SET hold_at = :long_ago",
            ExpressionAttributeValues={":long_ago": {"N": str(time.time() - 1000)}},
        )
        return placing.result()


def test_a_hold_that_is_waited_for_is_effective(ops: Ops, environment: Environment) -> None:
    ran = waiting_for(ops, environment, "resp_waited_for", lambda _key: None)

    assert (ran.code, ran.data["status"]) == (0, "effective")


def test_a_hold_that_a_deletion_overtakes_is_said_to_come_too_late(ops: Ops, environment: Environment) -> None:
    def deleted(key: str) -> None:
        environment.dynamodb.update_item(
            TableName=environment.ledger,
            Key={"key": {"S": key}},
            UpdateExpression="SET #state = :deleted",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":deleted": {"S": "deleted"}},
        )

    ran = waiting_for(ops, environment, "resp_overtaken", deleted)

    assert (ran.code, ran.data["status"]) == (1, "too_late")


def test_a_release_that_is_waited_for_has_made_due_what_the_hold_kept(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_let_go")
    assert ops("hold place carol --person --case 9").code == 0
    held = ops(DELETE, message("resp_let_go", subject="carol")).data["sent"][0]
    assert held["state"] == "held"

    assert ops("hold release carol --person --case 9 --wait").code == 0

    item = environment.item(held["record_key"])
    assert item["due_at"]["S"] <= text_of(time.time())
    assert "held_by" not in item


def test_no_deletion_runs_longer_than_a_hold_allows_for() -> None:
    entries = table.read()["functions"]
    assert entries["delete_response"]["timeout"] <= LONGEST_INVOCATION


def test_a_hold_that_comes_too_late_is_said_to(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_late")
    ops(DELETE, message("resp_late"))

    ran = ops("hold place resp_late --case 1")

    assert ran.code == 1
    assert "too late" in ran.out


def test_all_holds_are_listed_with_their_cases(ops: Ops, environment: Environment) -> None:
    for case in ("1", "2"):
        ops(f"hold place resp_listed --case {case}")
    key = ops("hold show resp_listed --json").data["record_key"]

    listed = {each["key"]: each["cases"] for each in ops("hold list --json").data}

    assert listed[key] == ["1", "2"]
    assert f"{key}: 1, 2, since" in ops("hold list").out


def test_a_release_of_a_hold_that_is_not_there_is_refused(ops: Ops, environment: Environment) -> None:
    ran = ops("hold release resp_free --case 9")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "ops: no hold of '9' is on resp_free; there are: none\n"
