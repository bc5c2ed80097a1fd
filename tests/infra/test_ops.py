"""`ops` on a deployment: what Terraform and Lockbox tell leads to its queues and its ledger."""

import json

import pytest

from infra.deploy import table
from infra.local.environment import Environment
from infra.operate.ops.cli import main
from infra.operate.ops.environments import reach
from tests.infra.deployed import platform_of
from tests.infra.pretend import Terraform

SETTINGS = {"REALTIME_MODEL": "a-model", "RETENTION_POLICIES": table.policies(), "LEASE_MARGIN": "1800s"}


@pytest.fixture
def deployed(environment: Environment, lockbox: None, pretend: Terraform, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Terraform and the environment say of the local deployment."""
    pretend.tell(
        platform=platform_of(environment),
        app={
            "settings": dict.fromkeys(environment.queues, SETTINGS),
            "queues": environment.queues,
            "dead_letter_queue": environment.dead_letters,
            "results_queue": environment.results,
        },
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "YMQ_ENDPOINT"):
        monkeypatch.setenv(name, environment.settings[name])
    monkeypatch.setenv("YC_TOKEN", "t1.token")


def ops(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["ops", "--env", "dev", *arguments])
    return main()


@pytest.mark.usefixtures("deployed")
def test_a_message_is_sent_to_a_deployment_and_its_record_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ops(monkeypatch, "send", "--json", "delete_response", '{"response_id": "resp_deployed"}') == 0
    (sent,) = json.loads(capfd.readouterr().out)["sent"]
    assert sent["state"] == "already_absent"

    assert ops(monkeypatch, "show", "--json", "resp_deployed") == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["records"][0]["record"]["key"] == sent["record_key"]
    assert sent["record_key"] in shown["log_queries"][0]


@pytest.mark.usefixtures("deployed")
def test_a_deployment_tells_how_its_queues_stand_and_is_not_broken_on_purpose(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ops(monkeypatch, "status", "--json") == 0
    assert json.loads(capfd.readouterr().out)["queues"]["dead letters"]["visible"] == 0
    assert ops(monkeypatch, "break", "down") == 2
    assert capfd.readouterr().err == "ops: dev is no local environment: this works on `make dev` only\n"


@pytest.mark.usefixtures("deployed")
def test_what_is_deployed_is_what_the_doctor_looks_at(
    environment: Environment, pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def looked() -> dict[str, str]:
        ops(monkeypatch, "doctor", "--json")
        found = json.loads(capfd.readouterr().out)
        return {each["what"]: f"{each['found']} -> {each['advice']}" for each in found if not each["good"]}

    def settings(**more: str) -> None:
        app = {"queues": environment.queues, "dead_letter_queue": environment.dead_letters}
        pretend.tell(
            platform=platform_of(environment),
            app={**app, "settings": {name: {**SETTINGS, **more} for name in environment.queues}},
        )

    assert "settings of delete_response" not in looked()
    settings(MAX_AGE="a day")
    assert "MAX_AGE write a number" in looked()["settings"]
    settings(LEASE_MARGIN="1800s")
    deployed = reach("dev", None).settings
    assert (deployed.lease_margin, deployed.realtime_model) == (1800, "a-model")


@pytest.mark.usefixtures("deployed")
def test_hints_about_a_deployment_name_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ops(monkeypatch, "status", "--json") == 0
    elsewhere = json.loads(capfd.readouterr().out)["elsewhere"]
    assert elsewhere["dead letters by reason"] == ".venv/bin/ops --env dev dead-letters counts"
    assert reach("dev", None).make("deploy") == "make deploy ENV=dev"


@pytest.mark.usefixtures("deployed")
def test_what_can_not_be_read_of_a_deployment_is_said_in_one_line(
    environment: Environment, pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        assert ops(monkeypatch, "show", "resp_1") == 3
        return capfd.readouterr().err

    pretend.tell(
        platform={**platform_of(environment), "table_prefix": "no-such."},
        app={"queues": environment.queues, "dead_letter_queue": environment.dead_letters},
    )
    assert told() == "ops: the ledger can't be used: there is no such table (LEDGER_TABLE_PREFIX)\n"
    monkeypatch.setenv("YC_TOKEN", "t1.another")
    assert told() == "ops: the hash key can't be read from Lockbox: HTTPStatusError\n"
    monkeypatch.delenv("YC_TOKEN")
    assert told() == 'ops: not set: YC_TOKEN (infra/README.md, "Credentials")\n'
