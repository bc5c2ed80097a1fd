"""`ops hold`: what is on hold is not deleted, and who ordered it is kept."""

import time

from infra.local.environment import Environment
from ledger.agenda import text_of
from tests.operate.conftest import Ops

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
