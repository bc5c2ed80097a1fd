import json
import uuid
from dataclasses import replace

import pytest

from infra.deploy import table
from infra.deploy.smoke import Probe, check, probes, run
from infra.local.environment import Environment
from infra.operate.cloud import Stopped
from ledger import Keys, Ledger, RecordKey
from tests.infra.deployed import platform_of


@pytest.fixture
def keys(environment: Environment) -> Keys:
    return Keys(environment.settings["HASH_KEY"])


@pytest.fixture
def store(environment: Environment) -> Ledger:
    return Ledger(environment.dynamodb, environment.ledger)


def test_each_function_that_has_a_queue_gets_a_message_with_a_fresh_key() -> None:
    queues = {"delete_response": "https://queues/1", "realtime_response_create": "https://queues/2"}
    keys = Keys("0" * 32)
    first, second = probes(queues, keys), probes(queues, keys)
    assert [probe.function for probe in first] == list(queues)
    assert not {probe.record_key for probe in first} & {probe.record_key for probe in second}
    assert [probe.function for probe in probes({"delete_response": "https://queues/1"}, keys)] == ["delete_response"]


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
