"""The examples for producers and consumers (events/examples) work as they stand."""

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.cloud.servers import KEY_ID, KEY_SECRET, REGION
from infra.local.environment import Environment
from infra.local.samples.case import EVENTS
from infra.local.settings import RESULTS_BUCKET
from ledger import Keys, Ledger
from ledger.states import DELETED
from tests.operate.conftest import Scene
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.waiting import eventually
from worker.send.bucket import Bucket
from worker.send.document import Document
from worker.send.large_results import stored as stored_large

(SETTINGS,) = re.findall(r"(?m)^set -a .*local\.env.*$", (EVENTS / "README.md").read_text())
"""What gives the settings of `make dev` to programs."""


def run(scene: Scene, example: str, *arguments: object) -> list[str]:
    """Run an example in a process of its own, with the settings as the page has a person read them; what it prints."""
    settings = SETTINGS.replace("./.local.env", shlex.quote(str(scene.settings)))
    command = shlex.join([sys.executable, str(EVENTS / "examples" / example), *map(str, arguments)])
    done = subprocess.run(  # noqa: S603 - ours
        ["bash", "-c", f"{settings} && {command}"],  # noqa: S607 - bash
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_producer_sends_is_done_and_the_consumer_takes_its_result_once(
    scene: Scene, environment: Environment, tmp_path: Path
) -> None:
    environment.studio.seed("resp_of_the_example")
    (message_id,) = run(scene, "produce.py", "resp_of_the_example")
    assert message_id
    key = Keys(environment.settings["HASH_KEY"]).key("response", "resp_of_the_example")
    eventually(lambda: Ledger(environment.dynamodb, environment.ledger).get(key).state == DELETED)
    (result,) = eventually(lambda: environment.servers.peek(environment.results))
    environment.sqs.send_message(QueueUrl=environment.results, MessageBody=result.body)

    (line,) = run(scene, "consume.py", tmp_path / "seen.db", 1)

    assert line.startswith("yandex.aistudio.response.deletion deleted")
    assert environment.servers.peek(environment.results) == []
    environment.sqs.send_message(QueueUrl=environment.results, MessageBody=result.body)
    assert run(scene, "consume.py", tmp_path / "seen.db", 0) == []


@pytest.mark.node
def test_what_the_producer_in_javascript_sends_is_a_deletion_that_is_done(kit: Kit) -> None:
    url = kit.servers.sqs.create_queue(QueueName="for-javascript")["QueueUrl"]
    known = {"YMQ_ENDPOINT": kit.servers.endpoint, "AWS_REGION": REGION, "DELETE_RESPONSE_QUEUE_URL": url}
    known |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY_SECRET, "PATH": os.environ["PATH"]}
    command = ["node", str(EVENTS / "examples" / "node" / "produce.mjs"), "resp_1"]
    done = subprocess.run(command, env=known, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr

    (sent,) = kit.servers.peek(url)
    assert done.stdout.strip() == sent.message_id
    bench = bench_of("delete_response", kit)
    bench.studio.seed("resp_1")
    assert bench.deliver(bench.message(sent.body)).acknowledged
    assert bench.studio.stored() == []


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
def test_the_consumer_fetches_what_is_too_large_for_a_queue(
    scene: Scene, environment: Environment, tmp_path: Path, *, damaged: bool
) -> None:
    event = {"id": f"large-{damaged}", "type": "some.result", "data": {"status": "completed", "text": "x" * 300_000}}
    with closing(environment.servers.s3) as storage:
        stored = stored_large(Bucket(lambda: storage, RESULTS_BUCKET), "results/large.json", Document(event))
    assert stored is not None
    reference = {**stored, "sha256": "0" * 64} if damaged else stored
    sent = event | {"data": reference, "dataref": f"s3://{stored['bucket']}/{stored['key']}"}
    environment.sqs.send_message(QueueUrl=environment.results, MessageBody=json.dumps(sent))

    if damaged:
        with pytest.raises(AssertionError, match=r"large.json is not what its message says"):
            run(scene, "consume.py", tmp_path / "seen.db", 0)
    else:
        (line,) = run(scene, "consume.py", tmp_path / "seen.db", 0)
        assert line.startswith("some.result completed 300")
