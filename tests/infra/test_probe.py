"""What asks a trigger which of a function's answers it honours: the function, what puts it up, and how `ops` reads its queues."""

import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import probe
from infra.local.catalog import LocalFunction
from infra.local.cloud.runtime import Runtime
from infra.local.cloud.servers import Servers
from infra.local.cloud.trigger import Batching, Trigger
from infra.local.furnishing import queue_of
from infra.operate.ops.environments import Reach
from infra.operate.ops.live import trigger
from tests.infra.bucket import bucket_of, objects
from tests.infra.pretend import BUCKET, Terraform

HIDDEN = 6


@pytest.fixture
def queues(servers: Servers, tmp_path: Path) -> tuple[str, str]:
    """The probe's two queues, as its root makes them."""
    batching = Batching(1, 0.0, HIDDEN)
    function = LocalFunction(f"probe_{tmp_path.name}", "trigger_probe.handler", batching=batching)
    returned = servers.sqs.create_queue(QueueName=f"{function.queue}-returned")["QueueUrl"]
    return queue_of(function, servers.sqs, returned), returned


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    """A folder with the package of the function."""
    zipfile.ZipFile(io.BytesIO(probe.package())).extractall(tmp_path / "code")
    return tmp_path / "code"


def test_whoever_runs_the_function_may_read_its_file() -> None:
    (entry,) = zipfile.ZipFile(io.BytesIO(probe.package())).infolist()
    assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)


@dataclass
class Honouring:
    """The function behind a trigger that takes the named answers for failures."""

    runtime: Runtime
    answers: tuple[str, ...]
    stop: Callable[[], None] = field(init=False)

    def __post_init__(self) -> None:
        self.stop = self.runtime.stop

    def invoke(self, event: Any) -> Any:
        body = json.loads(event["messages"][0]["details"]["message"]["body"])
        if body["name"] in self.answers:
            event["messages"][0]["details"]["message"]["body"] = json.dumps({"raise": True})
        return self.runtime.invoke(event)


@pytest.fixture
def behind(servers: Servers, queues: tuple[str, str], handler: Path) -> Iterator[Callable[..., None]]:
    """Starts a trigger on the probe's queue, which honours these answers beside an error."""
    started: list[Trigger] = []

    def start(*honoured: str) -> None:
        runtime = Runtime("trigger_probe.handler", {}, timeout=60, memory=128, token="", root=handler)
        made: Any = Honouring(runtime, honoured)
        started.append(Trigger(servers.sqs, queues[0], [made], Batching(1, 0.0, HIDDEN, returns=0)))
        started[0].start()

    yield start
    for each in started:
        each.stop()


@pytest.mark.parametrize("honoured", [(), ("batchItemFailures", "statusCode 500")])
def test_what_a_trigger_honours_is_told_by_what_it_brings_back(
    servers: Servers,
    queues: tuple[str, str],
    behind: Callable[..., None],
    honoured: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trigger, "WAIT", 1)
    behind(*honoured)

    told = trigger.ask(servers.sqs, *queues)

    back = {name for name, each in told.items() if each["message"] == "came back"}
    assert back == {"an error that is raised", *honoured}
    assert {each["message"] for name, each in told.items() if name not in back} == {"deleted"}
    assert (told["an error that is raised"]["receives"], told["an error that is raised"]["hidden_for"]) == (2, HIDDEN)


def test_a_trigger_that_never_begins_is_no_answer(
    servers: Servers, queues: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger, "WAIT", 0)
    told = trigger.ask(servers.sqs, *queues, now=itertools.count(0, 200).__next__)
    assert {each["message"] for each in told.values()} == {"not known: its queue is not empty"}


def test_where_the_probe_was_not_put_up_the_command_for_it_is_named(pretend: Terraform) -> None:
    (ask,) = trigger.TRIGGER.values()
    assert ask(Reach("dev", {}, deployed={"delete_response": {}})) == (
        "not asked: make probe ENV=dev puts up the function that it needs"
    )
    assert ask(Reach("local", {}, local=True)) == "not asked: only a deployment's trigger can tell"


@pytest.mark.usefixtures("credentials")
def test_the_probe_is_put_up_and_taken_down_beside_a_deployment(
    servers: Servers, pretend: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket_of(servers) as bucket:
        for verb in ("up", "down"):
            monkeypatch.setattr("sys.argv", ["probe", "dev", verb])
            assert probe.main() == 0
        (name,) = objects(bucket)
        content = bucket.get_object(Bucket=BUCKET, Key=name)["Body"].read()

    put_up, taken_down = (call for call in pretend.calls if call.split()[1] in ("apply", "destroy"))
    assert content == probe.package()
    assert Path(name).parent == Path("probe")
    assert put_up.split()[1] == "apply"
    assert taken_down.split()[1] == "destroy"
    for call in (put_up, taken_down):
        assert "/probe " in call
        assert call.endswith(f"-var=sha256={Path(name).stem}")
