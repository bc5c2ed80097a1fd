import json
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from infra.deploy import package, table
from infra.deploy.package import CannotBuild, Package, build, described
from tests.infra.workspace import INFRA, PROJECT, run

pytestmark = pytest.mark.python312

FUNCTIONS = yaml.safe_load((INFRA / "functions.yaml").read_text())["functions"]

INVOKE = """
import importlib, json, os, sys

root, entry_point, event = sys.argv[1:]
sys.path.insert(0, root)
module, _, attribute = entry_point.partition(".")
handler = getattr(importlib.import_module(module), attribute)

class Context:
    aws_request_id, function_name, function_version, memory_limit_in_mb = "1", "d4e", "d4ev", 256
    invoked_function_arn = "d4e"
    token = {"access_token": "t1.token", "expires_in": 42299, "token_type": "Bearer"}
    def get_remaining_time_in_millis(self):
        return 3000

try:
    handler({"messages": []}, Context())
except ValueError:
    pass  # a timer has no event without a message
raised = None
try:
    handler(json.loads(event), Context())
except Exception as error:
    raised = type(error).__name__
from botocore.exceptions import EndpointConnectionError
from worker import clients  # the one client that is made only for large results
storage = clients.storage(clients.Settings.read({"STORAGE_ENDPOINT": "http://127.0.0.1:9", **os.environ}, ()))
for ask in (storage.put_object, storage.get_object):
    try:
        ask(Bucket="bucket", Key="key")
    except EndpointConnectionError:
        continue
elsewhere = [each.__file__ for each in list(sys.modules.values()) if "site-packages" in (getattr(each, "__file__", None) or "")]
loaded = [name for name in ("anyio", "asyncio", "trio", "websockets.legacy") if name in sys.modules]
print(json.dumps({"raised": raised, "from_elsewhere": elsewhere, "needlessly_loaded": loaded}))
"""

NOWHERE = "http://127.0.0.1:9"
ENVIRONMENT = {
    "AISTUDIO_BASE_URL": NOWHERE,
    "AISTUDIO_FOLDER_ID": "b1g",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "DEAD_LETTER_QUEUE_URL": f"{NOWHERE}/dead",
    "EVIDENCE_BUCKET": "evidence",
    "HASH_KEY": "0" * 32,
    "QUEUE_URL": f"{NOWHERE}/own",
    "GET_RESPONSE_QUEUE_URL": f"{NOWHERE}/polls",
    "DELETE_RESPONSE_QUEUE_URL": f"{NOWHERE}/deletions",
    "VERIFY_DELETION_QUEUE_URL": f"{NOWHERE}/looks",
    "REALTIME_MODEL": "a-model",
    "RESULTS_BUCKET": "results",
    "RETENTION_POLICIES": table.policies(),
    "RESULTS_QUEUE_URL": f"{NOWHERE}/results",
    "YDB_DOCAPI_ENDPOINT": NOWHERE,
    "YMQ_ENDPOINT": NOWHERE,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(tmp_path_factory.mktemp("package") / "functions.zip")


@pytest.fixture(scope="module")
def names(built: Package) -> list[str]:
    with zipfile.ZipFile(built.path) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def unpacked(built: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
    return folder


def test_the_same_sources_make_the_same_bytes(built: Package, tmp_path: Path) -> None:
    again = build(tmp_path / "another" / "folder" / "functions.zip")
    assert again.sha256 == built.sha256
    assert again.path.read_bytes() == built.path.read_bytes()


def test_it_has_at_most_6_mb(built: Package) -> None:
    assert built.size == built.path.stat().st_size <= 6_000_000


def test_it_holds_the_functions_and_nothing_of_tests_or_infra(names: list[str]) -> None:
    for entry in FUNCTIONS.values():
        assert f"{entry['entrypoint'].partition('.')[0]}.py" in names
    assert "documents/tables.json" in names
    folders = {part for name in names for part in name.split("/")[:-1]}
    assert not folders & {"tests", "test", "infra", "events", "bin"}
    assert not [name for name in names if name.startswith(("pip", "setuptools", "."))]


def test_of_boto_only_the_services_that_are_called_are_described(names: list[str]) -> None:
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == {"dynamodb", "s3", "sqs"}


def test_every_dependency_keeps_its_licence(names: list[str]) -> None:
    about = {name.split("/")[0] for name in names if ".dist-info/" in name}
    locked = [line for line in package.REQUIREMENTS.read_text().splitlines() if "==" in line]
    assert len(about) == len(locked)


def test_every_module_is_compiled_so_that_no_date_makes_it_stale(unpacked: Path) -> None:
    compiled = list(unpacked.rglob("*.pyc"))
    assert len(compiled) > 100
    for path in compiled:
        # The second word of a .pyc says how it is checked: 1 is by hash, and not at all.
        assert path.read_bytes()[4:8] == b"\x01\x00\x00\x00", path


def test_only_our_own_modules_have_their_sources_beside_them(unpacked: Path) -> None:
    ours = {path.relative_to(package.SOURCES) for path in package.SOURCES.rglob("*.py")}
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*.py")} == ours


def test_nothing_is_in_it_that_no_function_loads(unpacked: Path, names: list[str]) -> None:
    assert [name for name in names if name.endswith("cacert.pem")] == ["certifi/cacert.pem"]
    powertools = {path.name for path in (unpacked / "aws_lambda_powertools").iterdir()}
    assert not powertools & {"event_handler", "middleware_factory", "py.typed"}
    assert not [name for name in names if "swagger" in name]


def called_in(sources: Path) -> set[str]:
    """Whatever looks like a call of an operation, such as put_object, in the text of the functions."""
    text = "\n".join(path.read_text() for path in sources.rglob("*.py"))
    return set(re.findall(r"\.([a-z_]+)\b", text))


def test_every_operation_that_the_code_calls_is_described_as_botocore_describes_it(
    unpacked: Path, tmp_path: Path
) -> None:
    called, kept = called_in(package.SOURCES), set[str]()
    archive = Loader(include_default_search_paths=False, extra_search_paths=[str(unpacked / "botocore" / "data")])
    for service in ("dynamodb", "s3", "sqs"):
        whole = Loader().load_service_model(service, "service-2")
        pruned = archive.load_service_model(service, "service-2")
        names = {name: xform_name(name) for name in whole["operations"]}
        assert {name for name, called_as in names.items() if called_as in called} <= set(pruned["operations"]), service
        assert len(pruned["operations"]) < len(whole["operations"])
        full, left = ServiceModel(whole), ServiceModel(pruned)
        for name in pruned["operations"]:
            kept.add(names[name])
            for side in ("input_shape", "output_shape"):
                before, after = (getattr(model.operation_model(name), side) for model in (full, left))
                assert shape(after) == shape(before), f"{service}.{name}"
    assert {"send_message_batch", "batch_get_item", "transact_write_items", "put_object"} <= kept


def shape(described: Any, inside: tuple[str, ...] = ()) -> Any:
    """All that a shape says, those it consists of included."""
    if described is None or described.name in inside:
        return None
    deeper = (*inside, described.name)
    members = {name: shape(each, deeper) for name, each in getattr(described, "members", {}).items()}
    parts = [shape(getattr(described, part, None), deeper) for part in ("member", "key", "value")]
    return described.type_name, described.serialization, described.metadata, members, parts


def test_no_path_of_this_machine_is_in_it(unpacked: Path) -> None:
    compiled = (unpacked / "__pycache__" / "delete_response.cpython-312.pyc").read_bytes()
    assert b"/function/code/delete_response.py" in compiled
    assert str(Path.cwd()).encode() not in compiled


def event_for(name: str) -> dict[str, Any]:
    """What starts the function: its smoke message or else its plainest sample, or a tick."""
    if "schedule" in FUNCTIONS[name]:
        return {"messages": [{"event_metadata": {}, "details": {"trigger_id": "a1s"}}]}
    if "smoke" not in FUNCTIONS[name]:
        sample: dict[str, Any] = json.loads((PROJECT / "events" / name / "plain.json").read_text())
        return sample
    body = json.dumps(FUNCTIONS[name]["smoke"]["message"])
    message = {"message_id": "1-2-3-4", "body": body, "attributes": {}, "message_attributes": {}}
    return {"messages": [{"event_metadata": {"event_id": "1-2-3-4"}, "details": {"message": message}}]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_works_from_the_archive_alone(unpacked: Path, name: str) -> None:
    """Nothing is taken from elsewhere, and nothing that was left out is missed: clients are made, and calls refused."""
    event = event_for(name)
    command = [str(package.interpreter()), "-I", "-S", "-c", INVOKE, str(unpacked), FUNCTIONS[name]["entrypoint"]]
    done = run([*command, json.dumps(event)], unpacked, **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {
        "raised": "TableUnavailable" if "schedule" in FUNCTIONS[name] else "Unsettled",
        "from_elsewhere": [],
        "needlessly_loaded": [],
    }


def test_an_interpreter_is_found_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = package.interpreter()
    monkeypatch.delenv("PYTHON312", raising=False)
    (tmp_path / "python3.12").symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert package.interpreter() == tmp_path / "python3.12"


def test_a_version_manager_s_shim_of_no_version_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = package.interpreter()
    monkeypatch.delenv("PYTHON312", raising=False)
    beside = tmp_path / "versions" / "3.12.9" / "bin"
    beside.mkdir(parents=True)
    (beside / "python3.12").symlink_to(found)
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'no version is chosen' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.base_prefix", str(tmp_path / "versions" / "3.11.7"))
    assert package.interpreter() == beside / "python3.12"


def test_without_an_interpreter_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PYTHON312", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.base_prefix", str(tmp_path))
    with pytest.raises(CannotBuild, match="make package PYTHON312="):
        build(tmp_path / "functions.zip")


def test_another_python_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "python3.11"
    other.write_text("#!/bin/sh\necho cpython 3 11\n")
    other.chmod(0o755)
    monkeypatch.setenv("PYTHON312", str(other))
    with pytest.raises(CannotBuild, match=r"not CPython 3\.12 but 'cpython 3 11'"):
        build(tmp_path / "functions.zip")


def test_the_command_fails_with_a_wrong_interpreter_and_says_why() -> None:
    done = run([sys.executable, "-m", "infra.deploy.package"], PYTHON312="/no/such/python")
    assert done.returncode == 1
    assert "PYTHON312" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_archive_over_the_bound_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "functions.zip"
    archive.write_bytes(bytes(6_000_001))
    with pytest.raises(CannotBuild, match=r"6,000,001 bytes; at most 6,000,000"):
        described(archive)
