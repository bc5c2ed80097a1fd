import pytest

from tests.infra.workspace import INFRA, MODULES, ROOTS, Workspace, terraform

pytestmark = pytest.mark.terraform


def test_all_files_are_in_terraform_s_own_format() -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff", cwd=INFRA / "terraform")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("directory", ROOTS)
def test_it_is_valid_with_all_the_modules_it_uses(workspace: Workspace, directory: str) -> None:
    workspace.run(directory, "validate", "-no-color")


@pytest.mark.parametrize("directory", [*MODULES, *ROOTS])
def test_its_own_tests_pass(workspace: Workspace, directory: str) -> None:
    printed = workspace.run(directory, "test", "-no-color")
    assert "Success!" in printed, printed


@pytest.mark.parametrize("directory", [*MODULES, *ROOTS])
def test_every_variable_and_output_says_what_it_is_for(directory: str) -> None:
    for name in ("variables.tf", "outputs.tf"):
        for block in (INFRA / "terraform" / directory / name).read_text().split("\n}\n"):
            if block.strip().startswith(("variable ", "output ")):
                assert '\n  description = "' in block, f"{directory}/{name}: {block.strip().splitlines()[0]}"
