"""`ops erase`: a person's responses go, or those of a list; the summary is told, and who ordered it is kept."""

import json
from pathlib import Path

import pytest

from infra.local.environment import Environment
from ledger.states import DELETED
from tests.operate.conftest import Ops
from tests.operate.test_register import orders_of, record

ERASE = "erase --yes --by ann"


def test_an_erasure_is_waited_for_and_its_summary_told(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_of_bob")
    assert ops("register resp_of_bob --subject bob").code == 0
    assert ops("send delete_response", '{"response_id": "resp_of_bob", "reason": "manual"}').code == 0

    ran = ops(f"{ERASE} --subject bob --wait --json")

    assert ran.code == 0, ran.out + ran.err
    summary = ran.data["summary"]
    assert (summary["outcome"], summary["found"], summary["deleted"]) == ("complete", 1, 1)
    person = json.loads(ops("show bob --json").out)["records"][0]["record"]["key"]
    assert [(each["order"], each["by"]) for each in orders_of(environment, person)] == [("erase", "ann")]
    assert "ann ordered the erasure" in ops("show bob").out
    again = ops(f"{ERASE} --subject bob --wait --id {ran.data['erasure_id']}")
    assert again.code == 0
    assert len(orders_of(environment, person)) == 1  # it was waited for, not ordered again


def test_an_erasure_that_is_under_way_says_how_to_wait_for_it(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_of_carol")
    assert ops("register resp_of_carol --subject carol").code == 0

    ran = ops(f"{ERASE} --subject carol")

    assert ran.code == 0
    assert ran.out.startswith("carol: the erasure is under way\n")
    (hint,) = [line.partition("/ops ")[2] for line in ran.out.splitlines() if "wait for its end" in line]
    waited = ops(f"{hint} --timeout 1s")
    assert (waited.code, waited.out) == (1, ran.out)


def test_the_responses_of_a_list_go_whatever_their_dates_are(
    ops: Ops, environment: Environment, tmp_path: Path
) -> None:
    names = [f"resp_listed_{number}" for number in range(12)]
    environment.studio.seed(*names)
    assert ops(f"register {names[0]} --delete-after 2190-01-31T00:00:00Z").code == 0
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(names) + "\n\n")

    ran = ops(f"{ERASE} --wait --json --ids", file)

    assert ran.code == 0, ran.out + ran.err
    assert (ran.data["confirmed"], ran.data["ends"]) == (12, {DELETED: 12})
    assert environment.studio.stored() == []
    found = record(environment, names[5])
    assert found.receipt["reason"] == "erasure"
    assert [(each["order"], each["by"]) for each in orders_of(environment, found.key)] == [("erase", "ann")]
    assert ops(f"{ERASE} --ids", file).code == 0
    assert len(orders_of(environment, found.key)) == 1


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ("", 2, "ops: name a person (--subject), or a file of ids (--ids)"),
        ("--subject alice --ids ids.txt", 2, "ops: name a person (--subject), or a file of ids (--ids)"),
        ("--ids lost.txt", 2, "ops: lost.txt: there is no such file or folder"),
        ("--ids lost.txt --id x", 2, "ops: --id is of a person's erasure"),
        ("--subject " + "x" * 300, 1, "ops: erase_subject would not take it: body.subject: "),
        ("--subject alice --timeout soon", 2, "ops: 'soon' is no length of time"),
    ],
)
def test_what_can_not_be_erased_is_said_in_a_line(ops: Ops, options: str, code: int, line: str) -> None:
    ran = ops(f"erase {options}")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(line)
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../models"], ids=["empty", "not text", "no id"])
def test_a_list_that_is_none_is_refused_before_anything_is_sent(ops: Ops, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ids.txt").write_bytes(content)
    ran = ops(f"{ERASE} --ids", tmp_path / "ids.txt")
    assert ran.code in (1, 2)
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1


def test_without_a_yes_nothing_is_sent(ops: Ops, environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("resp_1\n")
    for options in ("--subject alice", f"--ids {tmp_path / 'ids.txt'}"):
        ran = ops(f"erase {options}")
        assert (ran.code, ran.out) == (1, "Nothing was sent. Answer y, or give --yes.\n")
