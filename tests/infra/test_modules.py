import pytest

from tests.infra.workspace import INFRA, MODULES, ROOTS, TESTED, Workspace, terraform

TERRAFORM = INFRA / "terraform"


@pytest.mark.terraform
def test_all_files_are_in_terraform_s_own_format() -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff", cwd=TERRAFORM)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.terraform
@pytest.mark.parametrize("directory", TESTED)
def test_its_own_tests_pass(workspace: Workspace, directory: str) -> None:
    printed = workspace.run(directory, "test", "-no-color")
    assert "Success!" in printed, printed


@pytest.mark.parametrize("directory", [*MODULES, *ROOTS])
def test_every_variable_and_output_says_what_it_is_for(directory: str) -> None:
    for path in (TERRAFORM / directory).glob("*.tf"):
        for block in path.read_text().split("\n}\n"):
            if block.strip().startswith(("variable ", "output ")):
                assert '\n  description = "' in block, f"{path}: {block.strip().splitlines()[0]}"


def test_every_module_is_tested_by_itself_or_by_the_tables_that_it_refuses_or_by_its_plan() -> None:
    folders = {path.parent.relative_to(TERRAFORM).as_posix() for path in TERRAFORM.rglob("versions.tf")}
    assert folders == {*MODULES, *ROOTS}
    assert folders - set(TESTED) == {"modules/table", "probe"}
