import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import deploy, smoke, table
from infra.deploy.deploy import Deployment
from infra.deploy.package import Package
from infra.deploy.releases import Origin, upload
from infra.deploy.terraform import Root
from infra.local.cloud.servers import Servers
from infra.operate.cloud import Stopped
from tests.infra.bucket import DELETES, archive, bucket_of, objects, stored
from tests.infra.pretend import BUCKET, PLATFORM, Terraform
from tests.infra.workspace import INFRA, LOCAL_STATE, MACHINE_S_CLOCK, ONE_AT_A_TIME

RELEASE = "0" * 63 + "1"
EARLIER = "0" * 63 + "2"
CREATES = {"realtime_response_create.py": "@queue_function(M, R)\ndef handler(message, realtime, timeout): ...\n"}
BOTH = archive({**DELETES, **CREATES})
TABLE = table.read()


def yes(_: str) -> bool:
    return True


def deployment(package: bytes = BOTH, **changes: Any) -> Deployment:
    return Deployment(Root("app", "dev"), PLATFORM, lambda _: package, **{"confirm": yes, **changes})


@pytest.fixture
def bucket(servers: Servers) -> Iterator[Any]:
    with bucket_of(servers) as client:
        yield client


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """What a build makes."""
    made = stored(tmp_path, {**DELETES, **CREATES})
    monkeypatch.setattr(deploy, "build", lambda: made)
    return made


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["deploy", "dev", *arguments])
    return deploy.main()


def test_a_deployment_is_an_apply_of_the_plan_that_was_shown_and_then_an_empty_plan(pretend: Terraform) -> None:
    deployment().apply(RELEASE, {})
    assert pretend.verbs == ["plan", "show", "apply", "plan"]
    planned, shown, applied, _ = (call.split() for call in pretend.calls)
    assert f"-var=release={RELEASE}" in planned
    assert f"-out={shown[-1]}" in planned
    assert applied[1:] == ["apply", "-input=false", shown[-1]]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_nothing_is_uploaded_or_applied_where_the_plan_that_was_shown_is_not_agreed_to(
    pretend: Terraform, environment: str
) -> None:
    asked: list[str] = []
    kept: list[bool] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    refused = Deployment(Root("app", environment), PLATFORM, lambda _: BOTH, keep=lambda: kept.append(True), confirm=no)
    with pytest.raises(Stopped, match="nothing was applied"):
        refused.apply(RELEASE, {})
    assert asked == [f"Apply this to {environment}?"]
    assert ("apply" in pretend.verbs, kept) == (False, [])


def test_without_a_terminal_nothing_is_applied_unasked(monkeypatch: pytest.MonkeyPatch, pretend: Terraform) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(Stopped, match="--yes"):
        deployment(confirm=deploy.ask).apply(RELEASE, {})
    assert "apply" not in pretend.verbs


def queue_change(name: str, *actions: str) -> dict[str, Any]:
    return {"type": "yandex_message_queue", "change": {"actions": actions, "before": {"name": name}}}


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_a_queue_is_deleted_only_where_it_is_named(pretend: Terraform, actions: tuple[str, ...]) -> None:
    pretend.tell(changes=[queue_change("old", *actions), queue_change("older", *actions)])
    with pytest.raises(Stopped, match=r"(?s)would delete older with .* --drop-queue older$"):
        deployment(drop=["old"]).apply(RELEASE, {})
    assert "apply" not in pretend.verbs
    deployment(drop=["old", "older"]).apply(RELEASE, {})
    assert "apply" in pretend.verbs


def test_changes_that_delete_no_queue_need_no_leave(pretend: Terraform) -> None:
    trigger = {"type": "yandex_function_trigger", "change": {"actions": ["delete"], "before": {"name": "old"}}}
    new = {"type": "yandex_message_queue", "change": {"actions": ["create"], "before": None}}
    pretend.tell(changes=[trigger, new, queue_change("kept", "update"), queue_change("same", "no-op")])
    deployment().apply(RELEASE, {})
    assert "apply" in pretend.verbs


def version(name: str, running: str | None) -> dict[str, Any]:
    before = {"name": name, "environment": {"RELEASE": running} if running else None}
    change = {"actions": ["update"], "before": before, "after": {"name": name, "environment": {"RELEASE": RELEASE}}}
    return {"type": "yandex_function", "address": name, "change": change}


def test_a_version_that_failed_to_build_is_named_with_what_runs_in_its_place(pretend: Terraform) -> None:
    pretend.tell(differs=1, after=[version("old-one", EARLIER), version("new-one", None)])
    with pytest.raises(Stopped) as stopped:
        deployment().apply(RELEASE, {})
    assert f"old-one: its version failed to build; release {EARLIER} goes on running" in str(stopped.value)
    assert "new-one: its version failed to build, and it has no earlier one: nothing runs" in str(stopped.value)


def test_what_differs_after_an_apply_and_is_no_version_is_named(pretend: Terraform) -> None:
    change = {"actions": ["create"], "before": None, "after": {"name": "it"}}
    pretend.tell(differs=1, after=[{"type": "yandex_function_trigger", "address": "a.trigger", "change": change}])
    with pytest.raises(Stopped, match=r"a\.trigger differs"):
        deployment().apply(RELEASE, {})


def test_an_apply_that_failed_is_not_followed_by_a_plan(pretend: Terraform) -> None:
    pretend.tell(codes={"apply": 1})
    with pytest.raises(Stopped, match="terraform apply of app failed in dev"):
        deployment().apply(RELEASE, {})
    assert pretend.verbs == ["plan", "show", "apply"]


def test_an_environment_that_is_not_there_is_named_with_those_that_are(pretend: Terraform) -> None:
    with pytest.raises(Stopped, match=r"'test'.*dev, prod"):
        Root("app", "test").init()


def test_a_package_without_a_deployed_handler_is_refused_before_anything_is_applied(pretend: Terraform) -> None:
    pretend.tell(deployed=["delete_response", "realtime_response_create"])
    with pytest.raises(Stopped, match=rf"{RELEASE}: realtime_response_create: it has no realtime_response_create\.py"):
        deployment(archive(DELETES)).apply(RELEASE, {})
    assert "apply" not in pretend.verbs
    deployment(BOTH).apply(RELEASE, {})
    assert "apply" in pretend.verbs


@pytest.mark.usefixtures("credentials")
def test_a_deployment_uploads_what_it_built_with_its_origin_and_applies_that(
    pretend: Terraform, bucket: Any, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--no-smoke", "--yes") == 0
    assert objects(bucket) == {f"functions/{package.sha256}.{kind}" for kind in ("zip", "json")}
    about = json.loads(bucket.get_object(Bucket=BUCKET, Key=f"functions/{package.sha256}.json")["Body"].read())
    assert set(about) == {"commit", "author", "time"}
    assert f"-var=release={package.sha256}" in pretend.calls[-4]
    assert pretend.verbs[-4:] == ["plan", "show", "apply", "plan"]


@pytest.mark.usefixtures("credentials")
def test_a_plan_shows_what_would_change_and_uploads_nothing(
    pretend: Terraform, bucket: Any, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--plan") == 0
    assert (pretend.verbs[-2:], "apply" in pretend.verbs) == (["plan", "show"], False)
    assert objects(bucket) == set()


@pytest.mark.usefixtures("credentials")
def test_a_rollback_is_an_apply_of_an_earlier_package(
    pretend: Terraform,
    bucket: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    earlier = stored(tmp_path, DELETES)
    upload(bucket, BUCKET, earlier, Origin("3d4b31a", "Ada", "2026-11-22T10:00:00Z"))
    assert run(monkeypatch, "--release", earlier.sha256, "--no-smoke", "--yes") == 0
    assert f"-var=release={earlier.sha256}" in pretend.calls[-4]

    assert run(monkeypatch, "--release", RELEASE, "--yes") == 1
    assert f"{earlier.sha256}  3d4b31a  Ada" in capsys.readouterr().err
    assert pretend.verbs[-2:] == ["plan", "show"]


@pytest.mark.usefixtures("credentials")
def test_a_rollback_to_a_package_that_lacks_what_is_deployed_applies_nothing(
    pretend: Terraform,
    bucket: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    earlier = stored(tmp_path, CREATES)
    upload(bucket, BUCKET, earlier, Origin("", "", ""))
    assert run(monkeypatch, "--release", earlier.sha256, "--no-smoke", "--yes") == 1
    assert "delete_response: it has no delete_response.py" in capsys.readouterr().err
    assert "apply" not in pretend.verbs


@pytest.mark.usefixtures("credentials")
def test_one_function_is_rolled_back_alone_and_the_others_stay_as_they_are(
    pretend: Terraform, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, earlier = (stored(tmp_path, {**DELETES, **CREATES, "n": number}) for number in "12")
    for each in (now, earlier):
        upload(bucket, BUCKET, each, Origin("", "", ""))
    running = {"delete_response": now.sha256, "realtime_response_create": now.sha256}
    pretend.tell(app={"release": now.sha256, "releases": running}, deployed=list(running))
    back = ("--release", earlier.sha256, "--no-smoke", "--yes", "--only")
    assert run(monkeypatch, *back, "delete_response") == 0
    expected = json.dumps({**running, "delete_response": earlier.sha256})
    assert pretend.calls[-4].endswith(f"-var=release={now.sha256} -var=releases={expected}")
    assert run(monkeypatch, *back, "delete_everything") == 1


@pytest.mark.usefixtures("credentials")
def test_the_command_drops_the_queues_that_it_is_told_to_and_no_others(
    pretend: Terraform,
    bucket: Any,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pretend.tell(changes=[queue_change("one", "delete"), queue_change("two", "delete")])
    assert run(monkeypatch, "--no-smoke", "--yes") == 1
    assert "--drop-queue one --drop-queue two" in capsys.readouterr().err
    assert "apply" not in pretend.verbs
    assert run(monkeypatch, "--no-smoke", "--yes", "--drop-queue", "one", "--drop-queue", "two") == 0
    assert "apply" in pretend.verbs


@pytest.mark.usefixtures("credentials")
def test_packages_are_listed_with_what_runs_and_who_made_each(
    pretend: Terraform,
    bucket: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upload(bucket, BUCKET, stored(tmp_path, DELETES), Origin("3d4b31a", "Ada", "2026-11-22T10:00:00Z"))
    pretend.tell(app={"release": RELEASE})
    assert run(monkeypatch, "--releases") == 0
    told = capsys.readouterr().out
    assert f"{RELEASE} runs" in told
    assert "3d4b31a  Ada  2026-11-22T10:00:00Z" in told


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "run", lambda *_: 1)


def test_a_failed_check_names_the_release_before_and_goes_back_where_that_is_wished(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch)
    before = {"release": EARLIER, "releases": {"delete_response": EARLIER}}
    assert deploy.check(deployment(), before, RELEASE, interactive=True) == 1
    assert f"make rollback ENV=dev RELEASE={EARLIER}" in capsys.readouterr().err
    assert "apply" in pretend.verbs
    assert f"-var=release={EARLIER}" in " ".join(pretend.calls)


def test_a_failed_check_of_which_nobody_is_asked_changes_nothing_and_names_the_release_before(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch)
    assert deploy.check(deployment(), {"release": EARLIER}, RELEASE, interactive=False) == 1
    assert f"release {RELEASE} runs" in (told := capsys.readouterr().err)
    assert EARLIER in told
    assert "apply" not in pretend.verbs


@pytest.mark.usefixtures("credentials")
def test_a_failed_check_of_one_function_names_the_release_before_of_that_function(
    pretend: Terraform,
    bucket: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(monkeypatch)
    earlier = stored(tmp_path, {**DELETES, **CREATES})
    upload(bucket, BUCKET, earlier, Origin("", "", ""))
    running = {"delete_response": RELEASE, "realtime_response_create": earlier.sha256}
    pretend.tell(app={"release": earlier.sha256, "releases": running, "queues": {}}, deployed=list(running))
    assert run(monkeypatch, "--release", earlier.sha256, "--only", "delete_response", "--yes") == 1
    told = capsys.readouterr().err
    assert f"release {earlier.sha256} runs for delete_response" in told
    assert f"make rollback ENV=dev RELEASE={RELEASE} FUNCTION=delete_response" in told


def test_a_failed_check_of_one_function_goes_back_with_it_alone_where_that_is_wished(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch)
    before = {"release": RELEASE, "releases": {"delete_response": RELEASE, "realtime_response_create": RELEASE}}
    assert deploy.check(deployment(), before, EARLIER, "delete_response", interactive=True) == 1
    assert f"-var=release={RELEASE} -var=releases={json.dumps(before['releases'])}" in " ".join(pretend.calls)


def test_a_failed_check_of_a_first_deployment_says_that_there_is_nothing_to_go_back_to(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch)
    assert deploy.check(deployment(), {}, RELEASE, interactive=True) == 1
    assert "no earlier release" in capsys.readouterr().err


def source(name: str) -> str:
    """A file that makes a handler as the table's entry asks."""
    made_by = "queue_function(M)" if "queue" in TABLE["functions"][name] else "timer_function(T)"
    return f"@{made_by}\ndef handler(message): ...\n"


def queued(names: set[str]) -> set[str]:
    """Those that have a queue."""
    return {name for name in names if "queue" in TABLE["functions"][name]}


@pytest.mark.terraform
@pytest.mark.usefixtures("credentials")
def test_app_is_really_deployed_with_the_state_in_a_bucket(
    servers: Servers, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root as it is, locking included, twice: a rollback is no different. Then without one of its functions."""
    for name, value in MACHINE_S_CLOCK.items():
        monkeypatch.setenv(name, value)
    ignored = shutil.ignore_patterns("local", "__pycache__", ".terraform*", "*.tfstate*")
    infra = Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=ignored))
    shutil.copytree(INFRA.parent / "functions", tmp_path / "functions", ignore=ignored)
    environment = infra / "terraform" / "environments" / "dev"
    (environment / "s3.tfbackend").write_text(
        f'bucket = "{BUCKET}"\nendpoints = {{ s3 = "{servers.endpoint}" }}\nuse_path_style = true\n'
    )
    assert LOCAL_STATE not in (infra / "terraform" / "app" / "versions.tf").read_text()
    app = Root("app", "dev", infra)
    all_of_them = set(TABLE["sets"]["default"])
    smaller, fewer = next((name, set(some)) for name, some in TABLE["sets"].items() if set(some) < all_of_them)
    whole = archive({f"{name}.py": source(name) for name in all_of_them})
    with ONE_AT_A_TIME:
        app.init()
        assert app.outputs() == {}
        real = Deployment(app, PLATFORM, lambda _: whole, confirm=yes)
        real.apply(EARLIER, {})
        kept, *_ = sorted(fewer)
        real.apply(RELEASE, {kept: EARLIER})
        assert app.output("releases") == {**dict.fromkeys(all_of_them, RELEASE), kept: EARLIER}

        settings = environment / "app.tfvars"
        settings.write_text(settings.read_text() + f'set = "{smaller}"\n')
        gone = [f"aistudio-dev-{name.replace('_', '-')}" for name in sorted(queued(all_of_them) - fewer)]
        with pytest.raises(Stopped, match=f"would delete {', '.join(gone)} with"):
            real.apply(RELEASE, {})
        assert set(app.output("queues")) == queued(all_of_them)
        Deployment(app, PLATFORM, lambda _: whole, confirm=yes, drop=gone).apply(RELEASE, {})
        assert set(app.output("queues")) == queued(fewer)

    assert objects(bucket) == {"app.tfstate"}, "the lock is released"
