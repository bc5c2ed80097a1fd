"""Whatever is wrong is said in one line, with the right exit code."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from documents import Written
from documents.tables import create
from infra.local.environment import Environment
from infra.local.settings import read_env, write_env
from infra.operate.ops.cli import main
from ledger import Keys, Ledger
from ledger.registration import Registration
from retention.registering import register
from tests.operate.conftest import Ops, Ran, Scene
from worker.settings import queue_settings

ONE_ID = '{"response_id": "resp_1"}'
WITH_QUEUES = (
    "status",
    "watch",
    "dead-letters list",
    "dead-letters counts",
    "dead-letters redrive",
    "dead-letters show resp_1",
    "dead-letters export dead-letters.jsonl",
)
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
    "erase --ids ids.txt --yes",
    "evidence export --from 2026-11-01",
    'send delete_response \'{"response_id": "resp_1"}\'',
)

MAKING_KEYS = tuple(
    each
    for each in WITH_LEDGER
    if each.split()[0] in ("show", "hold", "register", "erase", "send") and "list" not in each and "again" not in each
)
"""Those that make record keys of ids: with a wrong HASH_KEY they would be about other records."""
ANOTHER_KEY = "another key of sixteen or more"


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


Changed = Callable[[Mapping[str, str]], Ops]
"""`ops` on the environment with these in place of its settings."""


def told(ran: Ran, code: int) -> str:
    """The one line that a command complains in."""
    assert (ran.code, ran.out) == (code, ""), ran
    (line,) = ran.err.splitlines()
    return line


@pytest.fixture
def with_settings(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Changed:
    (tmp_path / "ids.txt").write_text("resp_1\n")
    monkeypatch.chdir(tmp_path)

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
        ("send delete_response nofile.jsonl", "ops: nofile.jsonl: there is no such file; a message begins with"),
        ("send delete_response ''", "ops: the message is empty"),
        ("send delete_response {} --timeout soon", "ops: 'soon' is no length of time"),
        ("dead-letters list --older-than 3", "ops: '3' is no length of time"),
        ("dead-letters list --number 0", "ops dead-letters list: Invalid value for '--number'"),
        ("dead-letters redrive --to nowhere", "ops: no function 'nowhere' has a queue in"),
        ("dead-letters redrive --rate 0", "ops dead-letters redrive: Invalid value for '--rate'"),
        ("dead-letters export /nowhere/at/all", "ops: /nowhere/at/all: there is no such file or folder"),
        ("dead-letters show ''", "ops: the id is empty"),
        ("show resp_1 --function lost", "ops: there is no function 'lost' with a queue"),
        ("show ''", "ops: the id is empty"),
        ("dead-letters redrive --key '' --yes", "ops: --key is empty: it would mean all dead letters"),
        ("break earthquake", "ops: there is no fault 'earthquake'; there are: throttled, down"),
        ("break", "ops: there is no fault ''"),
        ("break slow --for ever", "ops: 'ever' is no length of time"),
        ("hold place '' --case 1", "ops: the id is empty"),
        ("hold show ''", "ops: the id is empty"),
        ("hold release ' ' --case 1", "ops: the id is empty"),
        ("hold place resp_1", "ops hold place: Missing option '--case'"),
        ("due --within soon", "ops: 'soon' is no length of time"),
        ("due --within 99999999d", "ops: 99999999d is too long: at most 36500d"),
        (f"due --within {'9' * 400}s", "ops: 999"),
        ("due --number 99999999999999999999", "ops due: Invalid value for '--number'"),
        ("watch --every often", "ops: 'often' is no length of time"),
        ("watch --every 99999999999d", "ops: 99999999999d is too long: at most 36500d"),
        ("watch --every 0s", "ops: --every 0s leaves no time"),
        ("break slow --for 99999999999999d", "ops: 99999999999999d is too long: at most 36500d"),
        ("evidence export --from yesterday", "ops: 'yesterday' is no day"),
        ("evidence verify nofile.jsonl", "ops: nofile.jsonl: there is no such file or folder"),
        ("show \udcff", "ops: word 4 of the command is not UTF-8 text"),
    ],
)
def test_what_is_not_understood_is_said(ops: Ops, command: str, line: str) -> None:
    assert told(ops(command), 2).startswith(line)


def test_a_settings_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert told(Ops(tmp_path / "lost.env", monkeypatch)("status"), 2).endswith("lost.env: there is no such file")


@pytest.mark.parametrize("name", ["nowhere", "", "../environments/dev"])
def test_an_environment_that_there_is_not_is_named_before_any_credential(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--env", name, "status"]) == 2
    assert capsys.readouterr().err.startswith(f"ops: there is no environment {name!r}: local, or in")


BINARY = bytes(range(128, 256))


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """A folder with files that are no text, folders in the place of files, and files in the place of folders."""
    (tmp_path / "binary").write_bytes(BINARY)
    (tmp_path / "folder").mkdir()
    for name in ("unread", "barred"):
        (tmp_path / f"{name}.jsonl").write_text(ONE_ID)
        (tmp_path / f"{name}.txt").write_text("resp_1\n")
    (tmp_path / "unread.jsonl.sent").write_bytes(BINARY)
    (tmp_path / "barred.txt.sent").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("send delete_response {}/binary", "binary: not UTF-8 text"),
        ("send delete_response {}/folder", "folder: is a folder: name a file"),
        ("send delete_response {}/unread.jsonl", "unread.jsonl.sent: not UTF-8 text"),
        ("erase --yes --ids {}/binary", "binary: not UTF-8 text"),
        ("erase --yes --ids {}/folder", "folder: is a folder: name a file"),
        ("erase --yes --ids {}/lost", "lost: there is no such file or folder"),
        ("erase --yes --ids {}/barred.txt", "barred.txt.sent: is a folder: name a file"),
        ("dead-letters export {}/binary", "binary: is there already: name another"),
        ("dead-letters export {}/binary/under", "binary/under: a part of it is no folder"),
        ("evidence export --from 2026-11-01 --out {}/binary", "binary: is there already: name another"),
        ("evidence export --from 2026-11-01 --out {}/binary/under", "binary/under: a part of it is no folder"),
        ("evidence verify {}/folder", "folder: is a folder: name a file"),
        ("--env-file {}/binary status", "binary: not UTF-8 text: it has to hold KEY=value lines"),
        ("--env-file {}/folder status", "folder: is a folder: name a file"),
        ("--env-file /proc/self/mem status", "/proc/self/mem: input/output error"),
    ],
)
def test_a_file_that_can_t_be_used_is_named_with_what_is_wrong(
    ops: Ops, environment: Environment, spoiled: Path, command: str, line: str
) -> None:
    said = told(ops(command.format(spoiled)), 2)
    assert said.startswith("ops: /")
    assert said.endswith(line)


def test_standard_input_that_is_no_text_is_refused(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(BINARY), encoding="utf-8"))
    assert told(ops("send delete_response -"), 2) == "ops: standard input: not UTF-8 text"


@pytest.mark.parametrize("command", ["break --list", "break --list --json"])
def test_a_reader_of_a_pipe_that_goes_away_is_no_error(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from_ops, to_nobody = os.pipe()
    os.close(from_ops)
    with os.fdopen(to_nobody, "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert main(shlex.split(command)) == 141


def test_days_to_come_hold_no_evidence(ops: Ops, environment: Environment, tmp_path: Path) -> None:
    ran = ops(f"evidence export --from 9999-12-31 --out {tmp_path}")
    assert told(ran, 1).startswith("ops: nothing is sealed on those days")


def test_what_others_put_into_a_queue_hinders_no_look(ops: Ops, environment: Environment) -> None:
    odd: Any = {"settlement": {"DataType": "String", "StringValue": "[1]"}}
    for url in (environment.results, environment.dead_letters):
        for body in ("no JSON", "[]"):
            environment.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=odd)
    environment.studio.seed("resp_odd")

    assert ops("send delete_response", '{"response_id": "resp_odd"}').code == 0
    assert ops("show resp_odd").code == 0
    assert ops("show resp_unseen").code == 1
    assert ops("status").code == 1


def test_settings_that_are_missing_or_malformed_are_all_named(with_settings: Changed) -> None:
    line = told(with_settings({"HASH_KEY": "", "MAX_AGE": "long"})("show resp_1"), 2)

    assert "HASH_KEY is required" in line
    assert "MAX_AGE write a number" in line


@pytest.mark.parametrize(
    ("setting", "value", "command", "line"),
    [
        ("RETENTION_POLICIES", "no JSON", "register resp_1", "RETENTION_POLICIES is not JSON"),
        ("AISTUDIO_FOLDER_ID", "", "doctor --live --yes", "AISTUDIO_FOLDER_ID is not set"),
        ("LOG_FILE", "9" * 400, "status", "the name is too long"),
        ("LOG_FILE", "", "break rejected", "is no local environment: this works on `make dev` only"),
    ],
)
def test_a_setting_that_only_one_command_reads_is_named_too(
    with_settings: Changed, environment: Environment, setting: str, value: str, command: str, line: str
) -> None:
    ran = with_settings({setting: value})(command)
    assert ran.code == 2
    assert line in ran.err


def test_a_service_that_is_broken_is_said_with_what_to_do(ops: Ops, environment: Environment) -> None:
    assert ops("break queue-down").code == 0
    try:
        line = told(ops("status"), 3)
    finally:
        assert ops("break off").code == 0
    assert line.startswith("ops: GetQueueAttributes failed: its service answers 503: try again later")
    assert line.endswith("mend it with break off")


@pytest.mark.parametrize("command", [*WITH_QUEUES, *WITH_LEDGER])
def test_a_network_that_is_not_there_is_said(with_settings: Changed, command: str) -> None:
    nowhere = "http://127.0.0.1:1"
    ops = with_settings({"YMQ_ENDPOINT": nowhere, "YDB_DOCAPI_ENDPOINT": nowhere, "LOG_FILE": ""})
    assert "nothing answers at" in told(ops(command), 3)


@pytest.mark.parametrize("command", ["break rejected", "break off"])
def test_a_local_ai_studio_that_is_gone_is_said(with_settings: Changed, command: str) -> None:
    nowhere = "http://127.0.0.1:1"
    line = told(with_settings({"AISTUDIO_BASE_URL": f"{nowhere}/v1"})(command), 3)
    assert line.startswith(f"ops: nothing answers at {nowhere}: ")


@pytest.mark.parametrize("command", [*WITH_QUEUES, *WITH_LEDGER])
def test_credentials_that_are_refused_are_said_without_what_the_service_wrote(
    with_settings: Changed, refusing: str, command: str
) -> None:
    ops = with_settings({"YMQ_ENDPOINT": refusing, "YDB_DOCAPI_ENDPOINT": refusing})

    line = told(ops(command), 3)

    assert "credentials" in line
    assert "SECRET" not in line


@pytest.mark.parametrize("command", WITH_QUEUES)
def test_a_queue_that_is_gone_is_said(with_settings: Changed, environment: Environment, command: str) -> None:
    gone = environment.dead_letters.replace("dead-letters", "gone")
    assert "there is no such queue" in told(with_settings({"DEAD_LETTER_QUEUE_URL": gone})(command), 3)


@pytest.mark.parametrize(
    "command",
    [
        'send delete_response \'{"response_id": "resp_gone"}\'',
        "send delete_response lines.jsonl",
        "hold place resp_gone --case 1",
        "register resp_gone",
        "erase --subject gone --yes",
        "erase --ids gone.txt --yes",
    ],
)
def test_a_function_s_queue_that_is_gone_is_said_before_an_order_is_noted(
    with_settings: Changed, scene: Scene, tmp_path: Path, command: str
) -> None:
    (tmp_path / "lines.jsonl").write_text('{"response_id": "resp_gone"}\n')
    (tmp_path / "gone.txt").write_text("resp_gone\n")
    gone = scene.environment.dead_letters.replace("dead-letters", "gone")

    ran = with_settings(dict.fromkeys(queue_settings(scene.environment.queues).values(), gone))(command)

    assert "there is no such queue" in told(ran, 3)
    keys = Keys(scene.environment.settings["HASH_KEY"])
    for key in (keys.key("response", "resp_gone"), keys.key("subject", "gone")):
        assert scene.environment.item(key) == {}


@pytest.mark.parametrize("command", WITH_LEDGER)
def test_a_table_that_is_not_there_is_said(with_settings: Changed, command: str) -> None:
    assert "there is no such table" in told(with_settings({"LEDGER_TABLE_PREFIX": "other."})(command), 3)


def test_an_environment_that_does_not_run_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from infra.operate.ops import environments

    monkeypatch.setattr(environments, "LOCAL_ENV", tmp_path / "none")
    monkeypatch.setattr("sys.argv", ["ops", "status"])

    assert main() == 3
    assert capsys.readouterr().err.startswith("ops: nothing runs here: start `make dev`")


@pytest.fixture(scope="module")
def sink(scene: Scene) -> str:
    """A queue that no function reads."""
    return scene.environment.sqs.create_queue(QueueName="sink")["QueueUrl"]


@pytest.fixture(scope="module")
def older(scene: Scene, sink: str) -> dict[str, str]:
    """The settings of a ledger whose table has no index, and of functions that read nothing."""
    scene.environment.dynamodb.create_table(
        TableName="old.ledger",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return {"LEDGER_TABLE_PREFIX": "old.", **dict.fromkeys(queue_settings(scene.environment.queues).values(), sink)}


@pytest.mark.parametrize("command", ["status", "watch", *MAKING_KEYS, "due", "register --again session --yes"])
def test_a_table_of_an_older_version_is_said(
    with_settings: Changed, scene: Scene, older: Mapping[str, str], sink: str, command: str
) -> None:
    line = told(with_settings(older)(command), 3)

    assert "its table may be of an older version: the command doctor says what it lacks" in line
    assert scene.environment.servers.peek(sink) == []


@pytest.fixture(scope="module")
def unlike(scene: Scene, older: Mapping[str, str]) -> dict[str, str]:
    """The same of a ledger with a registered response, but for its HASH_KEY, which is another."""
    create(scene.environment.dynamodb, "unlike.")
    keys, ledger = Keys(scene.environment.settings["HASH_KEY"]), Ledger(scene.environment.dynamodb, "unlike.ledger")
    registration = Registration("resp_known", 0, "", created_at=0, delete_after=1e9)
    assert [ledger.write(each) for each in register(registration, ledger, keys, 0)] == [Written.YES]
    return {**older, "HASH_KEY": ANOTHER_KEY, "LEDGER_TABLE_PREFIX": "unlike."}


@pytest.mark.parametrize("command", [*MAKING_KEYS, "evidence export --subject alice --from 2026-11-01"])
def test_a_hash_key_that_is_not_the_ledger_s_is_said_before_anything_is_written_or_sent(
    with_settings: Changed, scene: Scene, unlike: Mapping[str, str], sink: str, command: str
) -> None:
    line = told(with_settings(unlike)(command), 2)

    assert line.endswith("HASH_KEY is not the key that the ledger's records were made with")
    assert scene.environment.servers.peek(sink) == []
    (record,) = scene.environment.dynamodb.scan(TableName="unlike.ledger")["Items"]
    assert "orders" not in record


def test_the_doctor_says_whether_the_hash_key_is_the_ledger_s(
    with_settings: Changed, scene: Scene, unlike: Mapping[str, str]
) -> None:
    def found(settings: Mapping[str, str]) -> str:
        (each,) = (each for each in with_settings(settings)("doctor --json").data if each["what"] == "hash key")
        return f"{each['good']}: {each['found']}"

    assert found(unlike) == "False: the records on the agenda were made with another key: this one finds none of them"
    right = {**unlike, "HASH_KEY": scene.environment.settings["HASH_KEY"]}
    assert found(right) == "True: the records on the agenda were made with it"


@pytest.fixture(scope="module")
def empty(scene: Scene) -> dict[str, str]:
    """The settings of a ledger with nothing in it, and of another HASH_KEY than the functions'."""
    create(scene.environment.dynamodb, "empty.")
    return {"HASH_KEY": ANOTHER_KEY, "LEDGER_TABLE_PREFIX": "empty."}


def test_where_nothing_is_known_the_hash_key_is_named_as_what_may_be_wrong(
    with_settings: Changed, empty: Mapping[str, str]
) -> None:
    other = with_settings(empty)

    assert told(other("show resp_1"), 1).endswith("or HASH_KEY is another")
    assert other("hold show resp_1").out == "resp_1: no hold; nothing at all is known of it\n"
    assert "nothing is on the agenda, and only that would tell" in other("doctor").out


def test_a_message_whose_end_a_wrong_hash_key_hides_is_not_waited_for_in_vain(
    with_settings: Changed, environment: Environment, empty: Mapping[str, str]
) -> None:
    ran = with_settings(empty)("send --timeout 1s delete_response", '{"response_id": "resp_hidden"}')
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
