import json
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.deploy import table
from infra.deploy.smoke import Probe, check, probes, run
from infra.local.catalog import functions
from infra.local.environment import Environment, running_environment
from infra.operate.cloud import Stopped
from ledger import Keys, Ledger, RecordKey
from tests.infra.deployed import platform_of

ASKED = sorted(name for name, entry in table.read()["functions"].items() if entry.get("smoke"))


@pytest.fixture
def keys(environment: Environment) -> Keys:
    return Keys(environment.settings["HASH_KEY"])


@pytest.fixture
def store(environment: Environment) -> Ledger:
    return Ledger(environment.dynamodb, environment.ledger)


def test_each_function_that_has_a_queue_gets_a_message_with_a_fresh_key() -> None:
    queues = {name: f"https://queues/{name}" for name in ASKED}
    keys = Keys("0" * 32)
    first, second = probes(queues, keys), probes(queues, keys)
    assert [probe.function for probe in first] == list(queues)
    assert not {probe.record_key for probe in first} & {probe.record_key for probe in second}
    assert [[probe.function for probe in probes({name: "https://queues/1"}, keys)] for name in queues] == [
        [name] for name in queues
    ]


def test_the_record_that_is_waited_for_is_the_one_that_the_function_writes() -> None:
    keys = Keys("0" * 32)
    (probe,) = probes({"delete_response": "https://queues/1"}, keys, fresh="1234")
    assert json.loads(probe.body)["response_id"] == "1234"
    assert probe.record_key == keys.key("response", "1234")


def test_a_function_whose_messages_have_no_key_is_asked_by_an_event_with_one() -> None:
    keys = Keys("0" * 32)
    (probe,) = probes({"get_response": "https://queues/1"}, keys, fresh="1234")
    assert probe.record_key == keys.key("get_response", '["/smoke","1234"]')


def test_a_response_that_no_create_made_is_asked_for_by_an_id_of_the_api_s_own_kind() -> None:
    (probe,) = probes({"delete_response": "https://queues/1"}, Keys("0" * 32))
    named = json.loads(probe.body)["response_id"]
    assert str(uuid.UUID(named)) == named


@pytest.mark.parametrize("smoke", [{}, {"smoke": None}])
def test_a_function_without_a_message_for_this_is_left_out(
    monkeypatch: pytest.MonkeyPatch, smoke: dict[str, None]
) -> None:
    told = table.read()
    entry = {name: value for name, value in told["functions"]["delete_response"].items() if name != "smoke"}
    monkeypatch.setattr(table, "read", lambda: {"functions": {"delete_response": {**entry, **smoke}}})
    assert probes({"delete_response": "https://queues/1"}, Keys("0" * 32)) == []


def test_a_deployment_that_works_passes(
    environment: Environment, keys: Keys, store: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = probes(environment.queues, keys)
    assert check(sent, environment.queues, environment.sqs, store, patience=30)
    assert "delete_response: already_absent after" in capsys.readouterr().out


def test_a_dead_letter_fails_at_once_and_says_why(
    environment: Environment, keys: Keys, store: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.studio.fault(status=400)
    assert not check(probes(environment.queues, keys), environment.queues, environment.sqs, store, patience=30)
    assert "delete_response: dead_lettered (rejected) after" in capsys.readouterr().out


def test_an_end_that_is_no_success_fails_at_once(
    environment: Environment, keys: Keys, store: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = [replace(probe, ends=("deleted",)) for probe in probes(environment.queues, keys)]
    assert not check(sent, environment.queues, environment.sqs, store, patience=30)
    assert "delete_response: already_absent after" in capsys.readouterr().out


def test_nothing_in_the_ledger_fails_when_patience_ends(
    environment: Environment, store: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Probe("delete_response", '{"response_id": "resp_1"}', RecordKey("delete_response#nothing"), ("deleted",))
    assert not check([lost], environment.queues, environment.sqs, store, patience=0.5)
    assert "nothing in the ledger" in capsys.readouterr().out


def test_a_queue_that_is_not_there_is_named(environment: Environment, keys: Keys, store: Ledger) -> None:
    (probe,) = probes(environment.queues, keys)
    with pytest.raises(Stopped, match="delete_response can't be sent"):
        check([probe], {"delete_response": f"{environment.servers.endpoint}/000000000000/no"}, environment.sqs, store)


@pytest.mark.usefixtures("lockbox")
def test_a_deployment_is_checked_by_what_terraform_says_of_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment.settings, "YC_TOKEN": "t1.token"}.items():
        monkeypatch.setenv(name, value)
    platform = platform_of(environment)
    assert run(platform, environment.queues) == 0

    monkeypatch.setenv("YC_TOKEN", "t1.another")
    with pytest.raises(Stopped, match="can't be read from Lockbox"):
        run(platform, environment.queues)


@pytest.fixture(scope="module")
def creating() -> Iterator[Environment]:
    wanted = {"create_response", "delete_response", "legal_hold"}
    with running_environment([each for each in functions() if each.name in wanted]) as running:
        running.start(*wanted)
        yield running


@pytest.fixture
def opened(creating: Environment, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr("infra.deploy.ledger.hash_key_of", lambda _platform: creating.settings["HASH_KEY"])
    for name, value in {**creating.settings, "YC_TOKEN": "t1.token"}.items():
        monkeypatch.setenv(name, value)
    return creating


def asked(environment: Environment) -> dict[str, str]:
    return {name: url for name, url in environment.queues.items() if name != "get_response"}


def test_a_response_is_created_and_deleted_and_functions_that_are_not_asked_are_named(
    opened: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(platform_of(opened), asked(opened)) == 0
    told = capsys.readouterr().out
    assert "create_response: done after" in told
    assert "delete_response: deleted after" in told
    assert "legal_hold: not asked, since infra/functions.yaml has no message for this" in told
    assert opened.studio.stored() == []


def test_a_created_response_that_is_not_there_any_more_fails_the_check(
    opened: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    opened.studio.fault(match={"method": "DELETE"}, drop="after", times=1)
    assert run(platform_of(opened), asked(opened)) == 1
    assert "delete_response: already_absent after" in capsys.readouterr().out


def test_what_can_not_be_created_fails_the_check_and_deletions_are_still_looked_at(
    opened: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    opened.studio.fault(match={"method": "POST"}, status=400)
    assert run(platform_of(opened), asked(opened)) == 1
    told = capsys.readouterr().out
    assert "create_response: dead_lettered (rejected) after" in told
    assert "delete_response: already_absent after" in told
