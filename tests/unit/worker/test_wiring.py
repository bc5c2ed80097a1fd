"""The composition root, in a process of its own as on the platform: environment in, settled messages out."""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

import delete_response
from documents import tables
from infra.local.processes.surroundings import handed_on
from infra.local.settings import local_settings
from ledger import Keys, Ledger, Record
from tests.support.kit import Kit
from tests.support.messages import Entry, entry
from tests.support.seam import Raw
from worker.clients import storage as connect_storage
from worker.send.bucket import Bucket
from worker.send.document import Document
from worker.send.large_results import stored
from worker.settings import Settings

FUNCTIONS = Path(delete_response.__file__).parent
ROOT = FUNCTIONS.parent
# One invocation a line of input: how each ended, on the last line of output.
PLATFORM = """
import importlib, json, os, sys
from types import SimpleNamespace
handler = importlib.import_module(sys.argv[1]).handler
left = int(os.environ.get("MILLISECONDS_LEFT", 60_000))
ends = []
for line in sys.stdin:
    asked = json.loads(line)
    context = SimpleNamespace(aws_request_id="r-1", get_remaining_time_in_millis=lambda: left, token=asked["token"])
    try:
        ends.append(handler(asked["event"], context))
    except Exception as error:
        ends.append([type(error).__name__, str(error)])
print(json.dumps(ends))
"""


class Deployment:
    """Queues, a table and an environment; invocations share one process, as those of an instance do."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        name = uuid.uuid4().hex[:12]
        (self.table,) = tables.create(kit.spectator, f"{name}.")
        urls = {
            variable: kit.sqs.create_queue(QueueName=f"{name}-{variable[:4]}")["QueueUrl"]
            for variable in ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL")
        }
        self.settings = local_settings(kit.servers, kit.studio) | urls | {"LEDGER_TABLE_PREFIX": f"{name}."}

    def invoke(
        self, *events: list[Entry], token: Any = None, module: str = "delete_response", **changes: str
    ) -> tuple[list[Any], list[dict[str, Any]]]:
        """How each invocation ended, and the log lines."""
        tokens = token if isinstance(token, list) else [token] * len(events)
        asked = [{"event": {"messages": event}, "token": each} for event, each in zip(events, tokens, strict=True)]
        told = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", PLATFORM, module],
            env={**handed_on(), "PYTHONPATH": f"{FUNCTIONS}:{ROOT}", **self.settings, **changes},
            input="\n".join(map(json.dumps, asked)),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        *lines, ends = told.stdout.splitlines()
        return json.loads(ends), [json.loads(line) for line in lines]

    def record(self, key: str, namespace: str = "response") -> Record:
        """What the ledger says of a key."""
        return Ledger(self.kit.spectator, self.table).get(Keys(self.settings["HASH_KEY"]).key(namespace, key))


@pytest.fixture
def deployment(kit: Kit) -> Deployment:
    return Deployment(kit)


def deletion(response_id: str) -> list[Entry]:
    return [entry({"response_id": response_id}, sent_at=time.time())]


def token(value: str) -> dict[str, Any]:
    return {"access_token": value, "expires_in": 42_299, "token_type": "Bearer"}


def test_a_handler_reads_the_environment_and_settles_an_event(deployment: Deployment) -> None:
    deployment.kit.studio.seed("resp_1")

    ends, lines = deployment.invoke(deletion("resp_1"))

    assert ends == [{"done": 1, "retry": 0, "deferred": 0, "dead_lettered": 0, "unsettled": 0}]
    assert deployment.record("resp_1").state == "deleted"
    assert [(line["level"], line["service"], line["end"]) for line in lines] == [("INFO", "delete_response", "done")]
    assert lines[0]["invocation"] == "r-1"


def test_a_ledger_whose_answers_drip_lets_the_batch_return_in_time(deployment: Deployment, dripping: str) -> None:
    ends, _ = deployment.invoke(deletion("resp_1"), YDB_DOCAPI_ENDPOINT=dripping, MILLISECONDS_LEFT="3000")

    assert [kind for kind, _ in ends] == ["Unsettled"]


def test_every_invocation_brings_the_token_that_its_calls_use(deployment: Deployment) -> None:
    good = deployment.kit.studio.api_key
    deployment.kit.studio.seed("resp_1", "resp_2")

    ends, lines = deployment.invoke(
        deletion("resp_1"),
        deletion("resp_2"),
        token=[token("t1.expired"), token(good)],
        AISTUDIO_API_KEY="",
        YDB_AUTH="iam",
    )

    assert [end["deferred"] for end in ends] == [1, 0]
    assert [line.get("outcome") for line in lines] == ["unauthorized", "deleted"]
    assert good not in str(lines)
    schemes = {call["headers"]["authorization"] for call in deployment.kit.studio.requests()}
    assert schemes == {"Bearer"}


@pytest.mark.row(35)
def test_an_unusable_environment_fails_every_invocation_with_one_clear_error(deployment: Deployment) -> None:
    ends, lines = deployment.invoke(deletion("resp_1"), deletion("resp_1"), HASH_KEY="", MAX_AGE="soon", QUEUE_URL="")

    assert ends[0] == ends[1]
    assert all(name in ends[0][1] for name in ("HASH_KEY", "MAX_AGE", "QUEUE_URL"))
    assert deployment.kit.studio.requests() == []
    assert lines == []


def test_a_function_that_makes_answers_warns_where_they_go_nowhere(deployment: Deployment) -> None:
    _, lines = deployment.invoke([], module="tests.support.ask", RESULTS_QUEUE_URL="")

    assert [(line["level"], "RESULTS_QUEUE_URL" in line["message"]) for line in lines] == [("WARN", True)]


def test_a_result_is_stored_without_what_the_service_does_not_know_of_checksums() -> None:
    """Over TLS only, and there is no such server here, boto3 sends bodies in chunks with a checksum at their end."""
    required = ("AISTUDIO_FOLDER_ID", "HASH_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    urls = ("YDB_DOCAPI_ENDPOINT", "QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
    addresses = {name: f"https://x/{name}" for name in urls}
    settings = Settings.read(addresses | dict.fromkeys(required, "planted-hash-key"))
    storage: Any = connect_storage(settings)
    sent: list[AWSPreparedRequest] = []

    headers = HTTPHeaders()
    headers["ETag"] = '"1"'

    def take(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, headers, Raw(b""))

    storage.meta.events.register("before-send.s3", take)
    assert stored(Bucket(lambda: storage, "results"), "results/1.json", Document({})) is not None

    (request,) = sent
    assert str(request.url).startswith("https://")
    assert request.headers["Content-Length"] == "2"
    assert not {"Content-Encoding", "Transfer-Encoding", "X-Amz-Trailer"} & set(request.headers)
