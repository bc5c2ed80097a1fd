from collections.abc import Iterator

import pytest

from infra.local.servers import Servers, running_servers
from tests.infra.document_api import Server, document_api
from tests.infra.workspace import Shown, Workspace


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
def platform(workspace: Workspace, tables_api: Server) -> Shown:
    return workspace.platform(tables_api.endpoint)


@pytest.fixture(scope="session")
def app(workspace: Workspace, platform: Shown) -> Shown:
    return workspace.app()
