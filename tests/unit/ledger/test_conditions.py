"""What conditions may be made of: servers differ in what a comparison with a missing attribute means."""

import inspect
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ledger import claims, conditions, message_chains, receipts
from tests.support.kit import Kit


def test_no_condition_uses_the_comparison_that_holds_for_a_missing_attribute_here_and_not_there() -> None:
    for module in (conditions, message_chains, claims, receipts):
        assert "<>" not in inspect.getsource(module), module.__name__


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("#due = :due", False),
        ("#due < :due", False),
        ("#due > :due", False),
        ("#due IN (:due)", False),
        ("#due <> :due", True),
        ("NOT #due = :due", True),
    ],
)
def test_the_local_server_takes_a_comparison_with_a_missing_attribute_as_dynamodb_does(
    kit: Kit, table: str, condition: str, *, holds: bool
) -> None:
    request: Any = {
        "TableName": table,
        "Key": {"key": {"S": "key-1"}},
        "UpdateExpression": "SET #state = :state",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#due": "due", "#state": "state"},
        "ExpressionAttributeValues": {":due": {"N": "1"}, ":state": {"S": "open"}},
    }
    if holds:
        kit.spectator.update_item(**request)
    else:
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            kit.spectator.update_item(**request)
