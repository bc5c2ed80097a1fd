import json
import os
import signal

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local.cloud.servers import Servers, running_servers
from infra.local.processes.leash import Leashed
from infra.local.processes.readiness import DidNotStart, serving
from infra.local.processes.stopping import stopping_in_order
from tests.support.processes import alive, listening
from tests.support.waiting import eventually

LOOPBACK = "0100007F"


def test_the_servers_listen_on_loopback_alone(servers: Servers) -> None:
    assert listening(servers.pid) == {LOOPBACK}


def test_after_the_block_nothing_runs_and_nothing_listens() -> None:
    with running_servers() as servers:
        assert alive({servers.pid})
    assert not alive({servers.pid})
    with pytest.raises(httpx.ConnectError):
        httpx.get(servers.endpoint, trust_env=False)


def test_a_server_that_does_not_start_is_told_with_what_it_printed() -> None:
    children = [Leashed("infra.local.studio", ["--latency=soon"], {})]
    with (
        pytest.raises(DidNotStart, match=r"the server did not start; it printed:[\s\S]*invalid float value: 'soon'"),
        serving("the server", "/", 0, lambda _listener: children[0]),
    ):
        pytest.fail("it is not ready")
    assert not alive({children[0].pid})


def test_a_command_whose_server_does_not_start_ends_with_what_it_printed() -> None:
    with pytest.raises(SystemExit, match="the server did not start; it printed:\nno room"), stopping_in_order():
        raise DidNotStart("the server did not start; it printed:\nno room")


def test_a_server_whose_port_is_taken_takes_a_free_one(servers: Servers) -> None:
    with running_servers(servers.port) as others:
        assert others.port != servers.port


def test_a_server_that_ended_is_started_again_where_it_was() -> None:
    with running_servers() as servers:
        assert servers.server
        os.kill(servers.pid, signal.SIGKILL)
        eventually(lambda: servers.server and servers.server.ended)
        servers.server.again()
        assert servers.sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_two_environments_share_nothing(servers: Servers) -> None:
    servers.sqs.create_queue(QueueName="mine")
    with running_servers() as others:
        assert others.port != servers.port
        with pytest.raises(ClientError, match="does not exist"):
            others.sqs.get_queue_url(QueueName="mine")


def test_looking_into_a_queue_counts_as_no_receive(servers: Servers) -> None:
    url = servers.sqs.create_queue(QueueName="looked-into")["QueueUrl"]
    servers.sqs.send_message(
        QueueUrl=url,
        MessageBody="later",
        DelaySeconds=60,
        MessageAttributes={"seq": {"DataType": "Number", "StringValue": "4"}},
    )
    servers.sqs.send_message(QueueUrl=url, MessageBody="now")
    later, now = servers.peek(url)
    assert (later.body, later.visible, later.attributes, later.receive_count) == ("later", False, {"seq": "4"}, 0)
    assert (now.body, now.visible, now.receive_count) == ("now", True, 0)
    received = servers.sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert (received["Body"], received["Attributes"]["ApproximateReceiveCount"]) == ("now", "1")


def test_a_message_moved_by_the_queue_keeps_its_id_and_attributes(servers: Servers) -> None:
    dead = servers.sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = servers.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = servers.sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sent = servers.sqs.send_message(
        QueueUrl=url, MessageBody="body", MessageAttributes={"key": {"DataType": "String", "StringValue": "k"}}
    )
    servers.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert "Messages" not in servers.sqs.receive_message(QueueUrl=url)
    (moved,) = servers.peek(dead)
    assert (moved.message_id, moved.attributes) == (sent["MessageId"], {"key": "k"})
