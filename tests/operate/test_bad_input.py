"""Whatever is wrong is said in one line, with the right exit code."""

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra.local.environment import Environment
from infra.local.settings import read_env, write_env
from tests.operate.conftest import Ops, Ran, Scene

ONE_ID = '{"response_id": "resp_1"}'
WITH_QUEUES = ("status", "dead-letters list", "dead-letters counts", "dead-letters redrive", "dead-letters show resp_1")
WITH_LEDGER = (
    "show resp_1",
    "hold place resp_1 --case 1",
    "hold show resp_1",
    "hold release resp_1 --case 1",
    "hold list",
    "due",
    "register resp_1",
    "register --again session --yes",
    "erase --subject alice --yes",
    'send delete_response \'{"response_id": "resp_1"}\'',
)


class Refusing(BaseHTTPRequestHandler):
    """Answers as services do that know no such key."""

    def do_POST(self) -> None:
        body = b'{"__type": "com.amazonaws.sqs#InvalidClientTokenId", "message": "no such key: SECRET"}'
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def told(ran: Ran, code: int) -> str:
    """The one line that a command complains in."""
    assert (ran.code, ran.out) == (code, ""), ran
    (line,) = ran.err.splitlines()
    return line


@pytest.fixture
def with_settings(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # below
    def changed(changes: Mapping[str, str]) -> Ops:
        write_env(read_env(scene.settings) | dict(changes), tmp_path / "changed.env")
        return Ops(tmp_path / "changed.env", monkeypatch)

    return changed


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("lost", "ops: No such command 'lost'."),
        ("send", "ops send: Missing argument"),
        ("send delete_respons {}", "ops: no function 'delete_respons' has a queue in"),
        ("send delete_response nofile.jsonl", "ops: nofile.jsonl: No such file or directory"),
        ("send delete_response {} --timeout soon", "ops: 'soon' is no length of time"),
        ("dead-letters list --older-than 3", "ops: '3' is no length of time"),
        ("dead-letters list --number 0", "ops dead-letters list: Invalid value for '--number'"),
        ("dead-letters redrive --to nowhere", "ops: no function 'nowhere' has a queue in"),
        ("dead-letters redrive --rate 0", "ops dead-letters redrive: Invalid value for '--rate'"),
        ("dead-letters export /nowhere/at/all", "ops: /nowhere/at/all: No such file or directory"),
        ("show resp_1 --function lost", "ops: there is no function 'lost' with a queue"),
        ("show ''", "ops: the id is empty"),
        ("dead-letters redrive --key '' --yes", "ops: --key is empty: it would mean all dead letters"),
        ("break earthquake", "ops: there is no fault 'earthquake': ops break --list"),
        ("break", "ops: there is no fault ''"),
        ("break slow --for ever", "ops: 'ever' is no length of time"),
        ("hold place resp_1", "ops hold place: Missing option '--case'"),
        ("due --within soon", "ops: 'soon' is no length of time"),
        ("watch --every often", "ops: 'often' is no length of time"),
    ],
)
def test_what_is_not_understood_is_said(ops: Ops, command: str, line: str) -> None:
    assert told(ops(command), 2).startswith(line)


def test_a_settings_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert told(Ops(tmp_path / "lost.env", monkeypatch)("status"), 2).endswith("lost.env: there is no such file")


def test_settings_that_are_missing_or_malformed_are_all_named(with_settings) -> None:  # type: ignore[no-untyped-def]
    line = told(with_settings({"HASH_KEY": "", "MAX_AGE": "long"})("show resp_1"), 2)

    assert "HASH_KEY is required" in line
    assert "MAX_AGE write a number" in line


@pytest.mark.parametrize("command", [*WITH_QUEUES, *WITH_LEDGER])
def test_a_network_that_is_not_there_is_said(with_settings, command: str) -> None:  # type: ignore[no-untyped-def]
    nowhere = "http://127.0.0.1:1"
    ops = with_settings({"YMQ_ENDPOINT": nowhere, "YDB_DOCAPI_ENDPOINT": nowhere, "LOG_FILE": ""})
    assert "nothing answers at" in told(ops(command), 3)


@pytest.mark.parametrize("command", [*WITH_QUEUES, *WITH_LEDGER])
def test_credentials_that_are_refused_are_said_without_what_the_service_wrote(  # type: ignore[no-untyped-def]
    with_settings, refusing: str, command: str
) -> None:
    ops = with_settings({"YMQ_ENDPOINT": refusing, "YDB_DOCAPI_ENDPOINT": refusing})

    line = told(ops(command), 3)

    assert "credentials" in line
    assert "SECRET" not in line


@pytest.mark.parametrize("command", WITH_QUEUES)
def test_a_queue_that_is_gone_is_said(  # type: ignore[no-untyped-def]
    with_settings, environment: Environment, command: str
) -> None:
    gone = environment.dead_letters.replace("dead-letters", "gone")
    assert "there is no such queue" in told(with_settings({"DEAD_LETTER_QUEUE_URL": gone})(command), 3)


@pytest.mark.parametrize("command", WITH_LEDGER)
def test_a_table_that_is_not_there_is_said(with_settings, command: str) -> None:  # type: ignore[no-untyped-def]
    assert "there is no such table" in told(with_settings({"LEDGER_TABLE_PREFIX": "other."})(command), 3)


def test_an_environment_that_does_not_run_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from infra.operate.ops import environments
    from infra.operate.ops.cli import main

    monkeypatch.setattr(environments, "LOCAL_ENV", tmp_path / "none")
    monkeypatch.setattr("sys.argv", ["ops", "status"])

    assert main() == 3
    assert capsys.readouterr().err.startswith("ops: nothing runs here: start `make dev`")


@pytest.mark.parametrize("command", ["due", "register --again session --yes", "status"])
def test_a_table_of_an_older_version_is_said(  # type: ignore[no-untyped-def]
    with_settings, environment: Environment, command: str
) -> None:
    names = environment.dynamodb.list_tables()["TableNames"]
    if "old.ledger" not in names:
        environment.dynamodb.create_table(
            TableName="old.ledger",
            AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    old = with_settings({"LEDGER_TABLE_PREFIX": "old."})
    line = told(old(command), 3)
    assert "its table may be of an older version: ops doctor says what it lacks" in line
    assert "it lacks the indexes due, held, parent, settled, subject" in old("doctor").out


def test_a_wrong_hash_key_is_named_as_what_may_be_wrong(with_settings, ops: Ops, environment: Environment) -> None:  # type: ignore[no-untyped-def]
    environment.studio.seed("resp_sent_before")
    assert ops("send delete_response", '{"response_id": "resp_sent_before"}').code == 0
    assert ops("show resp_sent_before").code == 0
    other = with_settings({"HASH_KEY": "another key of sixteen or more"})
    assert told(other("show resp_sent_before"), 1).endswith("or HASH_KEY is another")


def test_a_message_whose_end_a_wrong_hash_key_hides_is_not_waited_for_in_vain(  # type: ignore[no-untyped-def]
    with_settings, environment: Environment
) -> None:
    environment.studio.seed("resp_hidden")
    other = with_settings({"HASH_KEY": "another key of sixteen or more"})
    ran = other("send --timeout 1s delete_response", '{"response_id": "resp_hidden"}')
    assert ran.code == 1
    assert "if nothing is known of it then, HASH_KEY is another" in ran.out


@pytest.mark.parametrize("command", ["break --list", "status", "due", "hold list", "dead-letters counts", "doctor"])
def test_in_eighty_columns_without_colour_nothing_is_cut(
    ops: Ops, environment: Environment, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    ran = ops(command)
    assert ran.code in (0, 1)
    assert "\x1b[" not in ran.out
    assert "…" not in ran.out
