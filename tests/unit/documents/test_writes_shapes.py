"""Writes of one shape share their expressions, and nothing else."""

from decimal import Decimal

import pytest

from documents.writes import Write, request


def test_writes_of_one_shape_differ_in_their_values_alone() -> None:
    one = request("t", Write("a", sets={"state": "x", "n": 1}, condition="#n < :most", given={"most": 5, "unused": 1}))
    other = request("t", Write("b", sets={"state": "y", "n": 2}, condition="#n < :most", given={"most": 6}))
    assert one["ExpressionAttributeValues"] == {":state": {"S": "x"}, ":n": {"N": "1"}, ":most": {"N": "5"}}
    assert other["ExpressionAttributeValues"] == {":state": {"S": "y"}, ":n": {"N": "2"}, ":most": {"N": "6"}}
    assert one["UpdateExpression"] == other["UpdateExpression"] == "SET #state = :state, #n = :n"


def test_what_is_changed_in_a_request_is_not_in_the_next_of_its_shape() -> None:
    write = Write("a", sets={"state": "x"})
    request("t", write)["ExpressionAttributeNames"].clear()
    assert request("t", write)["ExpressionAttributeNames"] == {"#state": "state"}


def test_values_keep_their_types() -> None:
    values = {"text": "", "yes": True, "n": 1.25, "set": {"a"}, "map": {"n": 0.1}, "list": ["a", 1], "d": Decimal("2")}
    given = request("t", Write("a", sets=values))["ExpressionAttributeValues"]
    assert given == {
        ":text": {"S": ""},
        ":yes": {"BOOL": True},
        ":n": {"N": "1.25"},
        ":set": {"SS": ["a"]},
        ":map": {"M": {"n": {"N": "0.1"}}},
        ":list": {"L": [{"S": "a"}, {"N": "1"}]},
        ":d": {"N": "2"},
    }


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), float("nan"), float("inf"), set(), {1}, b"a"])
def test_what_the_ledger_has_no_form_for_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="the ledger keeps no"):
        request("t", Write("a", sets={"value": value}))
