from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra.deploy import ledger
from infra.local.catalog import functions
from infra.local.cloud.servers import Servers, running_servers
from infra.local.environment import Environment, running_environment
from tests.infra.deployed import Lockbox
from tests.infra.document_api import Server, document_api
from tests.infra.pretend import Terraform
from tests.infra.workspace import PLATFORM_VARIABLES, Shown, Workspace


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with running_servers() as running:
        yield running


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.copied_to(tmp_path_factory.mktemp("terraform") / "copy")


@pytest.fixture(scope="session")
def bootstrap(workspace: Workspace) -> Shown:
    return workspace.bootstrap()


@pytest.fixture(scope="session")
def tables_api(servers: Servers) -> Iterator[Server]:
    with document_api(servers.endpoint) as api:
        yield api


@pytest.fixture(scope="session")
def first_plan(workspace: Workspace) -> Shown:
    """The plan of the platform as it is, without a state, and before any table server is known."""
    return workspace.plan("platform", *PLATFORM_VARIABLES)


@pytest.fixture(scope="session")
def platform(workspace: Workspace, tables_api: Server, first_plan: Shown) -> Shown:
    return workspace.platform(tables_api.endpoint)


@pytest.fixture(scope="session")
def app(workspace: Workspace, platform: Shown) -> Shown:
    return workspace.app()


@pytest.fixture(scope="session")
def probe(workspace: Workspace, app: Shown) -> Shown:
    return workspace.probe()


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A terraform that only notes what it is asked for, and succeeds with it."""
    made = Terraform(tmp_path)
    made.tell()
    monkeypatch.setenv("TERRAFORM", str(made.install()))
    return made


@pytest.fixture
def credentials(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YC_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("STORAGE_ENDPOINT", servers.endpoint)


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    with running_environment([each for each in functions() if each.name == "delete_response"]) as running:
        running.start()
        yield running


@pytest.fixture
def lockbox(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Lockbox, "hash_key", environment.settings["HASH_KEY"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Lockbox) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(ledger, "LOCKBOX", f"http://127.0.0.1:{server.server_port}/secrets")
        yield
        server.shutdown()
