"""What is sent as it is given reads as boto3 would have written it."""

import json
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest

from documents.client import Unwritable, client_config, connect_with_key, send_as_given
from documents.writes import Write, request
from ledger import Ledger, RecordKey

WRITE = Write(
    "a", sets={"text": "\u044f\U0001f600", "n": 1.5, "map": {"list": [None, True]}, "set": {"b"}}, removes=["old"]
)
ENTRY = {
    "Id": "0",
    "MessageBody": "\u044f",
    "DelaySeconds": 900,
    "MessageAttributes": {"a": {"DataType": "String", "StringValue": "b"}},
}
REQUESTS: list[tuple[Any, str, dict[str, Any]]] = [
    ("dynamodb", "update_item", request("t", WRITE)),
    ("dynamodb", "transact_write_items", {"TransactItems": [{"Update": request("t", WRITE)}] * 2}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": [{"key": {"S": "a"}}], "ConsistentRead": True}}}),
    ("sqs", "send_message_batch", {"QueueUrl": "https://queue/own", "Entries": [ENTRY]}),
]


class Seen(Exception):
    """A request was about to leave."""


def body_of(client: Any, operation: str, given: dict[str, Any]) -> Any:
    def catch(request: AWSPreparedRequest, **_: Any) -> None:
        raise Seen(request.body)

    client.meta.events.register("before-send", catch)
    with pytest.raises(Seen) as seen:
        getattr(client, operation)(**given)
    said = json.loads(seen.value.args[0])
    said.pop("ClientRequestToken", None)  # which boto3 adds at random, and YDB does not support
    return said


@pytest.mark.parametrize(("service", "operation", "given"), REQUESTS, ids=[operation for _, operation, _ in REQUESTS])
def test_a_request_says_what_boto3_would_have_said(service: Any, operation: str, given: dict[str, Any]) -> None:
    def client() -> Any:
        return boto3.client(
            service,
            region_name="ru-central1",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="id",
            aws_secret_access_key="secret",
            config=client_config(),
        )

    ours = client()
    send_as_given(ours)
    assert body_of(ours, operation, given) == body_of(client(), operation, given) == given


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_what_json_has_no_form_for_is_a_defect_here_and_no_silence_of_the_service(
    value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("documents.writes._value", lambda given: {"S": given})
    client = connect_with_key("http://127.0.0.1:1", "ru-central1", "id", "secret")
    store = Ledger(client, "t")

    with pytest.raises(Unwritable):
        store.write(Write(RecordKey("a"), sets={"value": value}))
    assert store.budget.allows()
