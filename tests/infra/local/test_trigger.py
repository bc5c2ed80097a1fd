import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.local.cloud.runtime import Runtime
from infra.local.cloud.servers import Servers
from infra.local.cloud.trigger import Batching, Invocation, Trigger
from infra.local.cloud.trigger_event import platform_id
from tests.infra.local.orders import order
from tests.support.waiting import eventually

NewRuntime = Callable[..., Runtime]


@dataclass
class Feed:
    """A queue with a trigger on it."""

    servers: Servers
    url: str
    dead: str
    runtimes: list[Runtime]
    seen: list[Invocation] = field(default_factory=list)

    def send(self, *bodies: str) -> list[str]:
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        ids = []
        for start in range(0, len(entries), 10):
            sent = self.servers.sqs.send_message_batch(QueueUrl=self.url, Entries=entries[start : start + 10])  # type: ignore[arg-type]  # plain dicts
            ids += [platform_id(each["MessageId"]) for each in sent["Successful"]]
        return ids

    @contextmanager
    def running(self, batching: Batching) -> Iterator[Trigger]:
        trigger = Trigger(self.servers.sqs, self.url, self.runtimes, batching, self.seen.append)
        trigger.start()
        try:
            yield trigger
        finally:
            trigger.stop()


@pytest.fixture
def feed(servers: Servers, new_runtime: NewRuntime, request: pytest.FixtureRequest) -> Feed:
    name = request.node.name[:60].replace("[", "-").replace("]", "")
    dead = servers.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = servers.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    url = servers.sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    return Feed(servers, url, dead, [new_runtime()])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What calls wait for: it is not there yet."""
    return tmp_path / "go-on"


def test_messages_are_deleted_once_the_handler_returned(feed: Feed) -> None:
    ids = feed.send(*[order("print", text="hello")] * 3)
    with feed.running(Batching(size=10)):
        eventually(lambda: feed.seen)
    assert [seen.message_ids for seen in feed.seen] == [ids]
    assert feed.servers.peek(feed.url) == []


def test_a_batch_is_larger_than_one_receive_and_no_larger_than_its_size(feed: Feed) -> None:
    feed.send(*[order("print", text="hello")] * 30)
    with feed.running(Batching(size=15, cutoff=5)):
        eventually(lambda: sum(len(seen.message_ids) for seen in feed.seen) == 30)
    assert [len(seen.message_ids) for seen in feed.seen] == [15, 15]


def test_a_batch_waits_for_more_while_there_is_time_until_its_cutoff(feed: Feed) -> None:
    with feed.running(Batching(size=2, cutoff=120, visibility=300)):
        first = feed.send(order("print", text="early"))
        eventually(lambda: feed.servers.peek(feed.url)[0].receive_count == 1)
        second = feed.send(order("print", text="late"))
        eventually(lambda: feed.seen)
    assert [seen.message_ids for seen in feed.seen] == [first + second]


def test_a_failed_batch_comes_back_whole_and_is_moved_after_its_last_receive(feed: Feed) -> None:
    ids = feed.send(order("print", text="good"), order("raise", text="bad"))
    with feed.running(Batching(size=10, visibility=1)):
        eventually(lambda: len(feed.servers.peek(feed.dead)) == 2)
    assert [seen.message_ids for seen in feed.seen] == [ids, ids]
    assert [seen.reply.ended for seen in feed.seen] == ["raised", "raised"]
    counts = [
        seen.event["messages"][0]["details"]["message"]["attributes"]["ApproximateReceiveCount"] for seen in feed.seen
    ]
    assert counts == ["1", "2"]
    assert [platform_id(moved.message_id) for moved in feed.servers.peek(feed.dead)] == ids


def test_a_failed_batch_can_be_back_long_before_its_visibility_is_over(feed: Feed) -> None:
    ids = feed.send(order("raise", text="bad"))
    with feed.running(Batching(size=10, visibility=40_000, returns=0)):
        eventually(lambda: feed.servers.peek(feed.dead))
    assert [seen.message_ids for seen in feed.seen] == [ids, ids]


def test_a_killed_call_loses_nothing(feed: Feed, printed: list[str], file: Path) -> None:
    ids = feed.send(order("wait for file", path=str(file)))
    with feed.running(Batching(size=10, visibility=40_000, returns=0)) as trigger:
        eventually(lambda: [line for line in printed if line.startswith("waiting")])
        trigger.kill()
        file.touch()
        eventually(lambda: len(feed.seen) == 2)
    assert [(seen.message_ids, seen.reply.ended) for seen in feed.seen] == [(ids, "killed"), (ids, "returned")]
    assert feed.servers.peek(feed.url) == []


def test_instances_work_side_by_side_each_in_its_own_process(
    feed: Feed, new_runtime: NewRuntime, printed: list[str], file: Path
) -> None:
    feed.runtimes.append(new_runtime())
    feed.send(*[order("wait for file", path=str(file))] * 2)
    with feed.running(Batching(size=1, visibility=300)):
        eventually(lambda: len({line for line in printed if line.startswith("waiting")}) == 2)
        assert feed.seen == []
        file.touch()


def test_the_event_has_the_shape_that_the_platform_delivers(feed: Feed) -> None:
    body = order("print", text="hello")
    feed.servers.sqs.send_message(
        QueueUrl=feed.url,
        MessageBody=body,
        MessageAttributes={
            "key": {"DataType": "String", "StringValue": "resp_1"},
            "attempt": {"DataType": "Number", "StringValue": "2"},
        },
    )
    with feed.running(Batching()):
        eventually(lambda: feed.seen)
    (entry,) = feed.seen[0].event["messages"]
    metadata, details = entry["event_metadata"], entry["details"]
    message = details["message"]
    assert set(entry) == {"event_metadata", "details"}
    assert set(details) == {"queue_id", "message"}
    assert metadata["event_id"] == message["message_id"]
    assert [len(group) <= 8 and bool(int(group, 16)) for group in message["message_id"].split("-")] == [True] * 4
    assert metadata["event_type"] == "yandex.cloud.events.messagequeue.QueueMessage"
    assert metadata["tracing_context"] is None
    assert metadata["created_at"].endswith("Z")
    assert message["body"] == body
    assert len(message["md5_of_body"]) == len(message["md5_of_message_attributes"]) == 32
    assert message["attributes"].keys() == {
        "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in message["attributes"].values())
    assert message["message_attributes"] == {
        "key": {"data_type": "String", "string_value": "resp_1"},
        "attempt": {"data_type": "Number", "string_value": "2"},
    }
