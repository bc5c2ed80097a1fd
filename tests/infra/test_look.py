import json

import pytest

from infra.deploy.smoke import check, probes
from infra.local.environment import Environment
from infra.operate import look
from ledger import Keys, Ledger
from tests.infra.deployed import platform_of
from tests.infra.pretend import Terraform


@pytest.fixture
def deployed(environment: Environment, lockbox: None, pretend: Terraform, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Terraform and the environment say of the local deployment."""
    pretend.tell(platform=platform_of(environment))
    for name, value in {**environment.settings, "YC_TOKEN": "t1.token"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("deployed")
def test_an_id_leads_to_its_record(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = Keys(environment.settings["HASH_KEY"])
    sent = probes(environment.queues, keys, fresh="resp_looked-at")
    assert check(
        sent, environment.queues, environment.sqs, Ledger(environment.dynamodb, environment.ledger), patience=30
    )
    capsys.readouterr()

    monkeypatch.setattr("sys.argv", ["look", "dev", "delete_response", "resp_looked-at"])
    assert look.main() == 0
    found = json.loads(capsys.readouterr().out)
    assert found["key"] == sent[0].record_key == found["record"]["key"]
    assert found["record"]["state"] == "already_absent"


@pytest.mark.usefixtures("deployed")
def test_an_id_that_the_ledger_does_not_know_has_a_key_and_no_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: Environment
) -> None:
    key = Keys(environment.settings["HASH_KEY"]).key("delete_response:message", "unknown")
    monkeypatch.setattr("sys.argv", ["look", "dev", "delete_response:message", "unknown"])
    assert look.main() == 0
    assert json.loads(capsys.readouterr().out) == {"key": key, "record": None}


@pytest.mark.usefixtures("deployed")
def test_a_hash_key_or_a_ledger_that_can_not_be_read_is_said_in_one_line(
    environment: Environment, pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["look", "dev", "delete_response", "resp_1"])
    pretend.tell(platform={**platform_of(environment), "table_prefix": "no-such."})
    assert look.main() == 1
    assert capfd.readouterr().err == "the ledger can't be read: ResourceNotFoundException\n"

    monkeypatch.setenv("YC_TOKEN", "t1.another")
    assert look.main() == 1
    assert capfd.readouterr().err == "the hash key can't be read from Lockbox: HTTPStatusError\n"


def test_a_function_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["look", "dev", "delete_everything", "resp_1"])
    with pytest.raises(SystemExit):
        look.main()
    assert "delete_response:message" in capsys.readouterr().err
