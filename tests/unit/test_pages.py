"""The pages say what holds: names, defaults and fields are those of the code, and every command can be typed."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from aistudio import APIError
from infra.deploy import table
from infra.operate.ops.cli import app
from tests.support.functions import bench_of
from tests.support.kit import Kit
from worker.settings import Settings
from worker.settle.batch import REUSED
from worker.settle.hold_check import TOO_MANY

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "functions/README.md", "infra/README.md", "events/README.md", "tests/README.md")
DECISIONS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/decisions/*.md"))
TEXTS = {page: (ROOT / page).read_text() for page in PAGES}
TABLE = table.read()
FUNCTIONS = {name for names in TABLE["sets"].values() for name in names}
"""Those that are deployed: a new function is in no set yet."""
QUEUED = sorted(name for name in FUNCTIONS if "queue" in TABLE["functions"][name])
TIMED_WITH_RESULTS = [name for name in FUNCTIONS if "results" in TABLE["functions"][name].get("sends_to", ())]
COMMAND = re.compile(r"(make|curl|git|yc|terraform|export|set|for|\.venv/bin/\w+)\b")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its own two lines."""
    text = f"\n{TEXTS[page]}".split(f"\n{heading}\n", 1)[1]
    lines = re.search(r"(?m)^\|.*(?:\n\|.*)*", text)
    assert lines
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()[2:]]


def named(cell: str) -> list[str]:
    """The names in a cell; what stands in parentheses explains them."""
    return re.findall(r"`([A-Za-z_<>]+)`", re.sub(r"\([^)]*\)", "", cell))


def blocks(page: str) -> list[str]:
    """The blocks of commands: fenced without a language, or indented by four."""
    text = re.sub(r"(?ms)^```\w+\n.*?^```$", "", TEXTS[page])
    fenced = re.findall(r"(?ms)^```\n(.*?)^```$", text)
    indented = re.findall(r"(?m)(?:^ {4,}\S.*\n?)+", re.sub(r"(?ms)^```\n.*?^```$", "", text))
    return [block for block in (*fenced, *indented) if COMMAND.match(block.strip())]


def commands(page: str, first: str) -> list[str]:
    """The lines of all blocks that begin with this word, those behind && and a pipe too."""
    lines = [line.strip() for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    return [each.strip() for line in lines for each in re.split(r"&&|\|", line) if each.strip().startswith(first)]


def test_the_first_page_is_short_and_no_line_is_long() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 150
    lines = {
        f"{page}:{number}"
        for page in PAGES
        for number, line in enumerate(TEXTS[page].splitlines(), 1)
        if len(line) > 160
    }
    assert lines == set()


def test_the_glossary_has_at_most_fifteen_lines() -> None:
    glossary = TEXTS["functions/README.md"].split("## Glossary\n", 1)[1]
    assert 0 < len(glossary.strip().splitlines()) <= 15


def test_the_settings_are_all_named_with_their_defaults() -> None:
    found = {name: cells[1] for cells in rows("functions/README.md", "## Settings") for name in named(cells[0])}
    assert set(found) - {"<FUNCTION>_QUEUE_URL"} == {name.upper() for name in Settings.model_fields}
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    for name, told in found.items():
        if (default := defaults.get(name.lower())) in (None, "", frozenset()) or "`, `" in told or ", " in told:
            continue
        assert told.strip("`") in (str(default), str(default).lower(), "required", "the function's IAM token"), name


@pytest.mark.parametrize(
    ("page", "heading", "functions"),
    [
        ("README.md", "# aistudio-functions", FUNCTIONS),
        ("events/README.md", "## Messages", QUEUED),
        ("events/README.md", "## Results", [*QUEUED, *TIMED_WITH_RESULTS]),
    ],
)
def test_every_function_is_named(page: str, heading: str, functions: Iterable[str]) -> None:
    told = {name for cells in rows(page, heading) for name in named(cells[0])}
    assert told == set(functions), (
        f'{page}, "{heading}": the table names each function that a set deploys, and no other'
    )


@pytest.mark.parametrize("name", QUEUED)
def test_the_fields_of_a_message_are_those_of_its_model(name: str) -> None:
    (cells,) = [cells for cells in rows("events/README.md", "## Messages") if name in named(cells[0])]
    model = import_module(name).handler.function.model
    assert {*named(cells[1]), *named(cells[2])} == model.model_fields.keys() - {"event"}
    assert named(cells[3]) == [model.fields_of["key"]] if "key" in model.fields_of else named(cells[3]) == []


@pytest.mark.parametrize("command", sorted({command for page in PAGES for command in commands(page, "make ")}))
def test_make_knows_every_command_of_a_block(command: str) -> None:
    done = subprocess.run(  # noqa: S603 - the commands that the pages show, not carried out
        [*shlex.split(command, comments=True), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def parsed(told: str) -> None:
    """Have a command of `ops` read by its own parser, and a message by its model; what a person fills in stands for itself.

    Raises what the parser refuses it with.
    """
    _, *words = shlex.split(re.sub(r"<[^<>]+>", "some", told), comments=True)
    if words[0] == "--env":
        del words[:2]
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, list(words))
    if command.name == "send":
        import_module(words[0]).handler.function.model.model_validate(json.loads(words[1]))


def commands_of_ops(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of `ops`, with the words that name it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of_ops(command, *path, name)
        else:
            yield (*path, name), command


EVERY_COMMAND = dict(commands_of_ops(get_command(app)))


def test_ops_takes_every_command_that_a_page_shows() -> None:
    shown = {
        (page, told)
        for page, text in TEXTS.items()
        for told in (*commands(page, ".venv/bin/ops"), *re.findall(r"`((?:\.venv/bin/)?ops [^`]+)`", text))
    }
    assert len(shown) > 25
    for page, told in sorted(shown):
        try:
            parsed(told)
        except (typer.TyperException, LookupError, ValueError) as error:
            pytest.fail(f"{page}: {told}: {error}")


def test_an_option_that_a_page_names_alone_is_one_of_a_command() -> None:
    of_ops = {option for command in EVERY_COMMAND.values() for each in command.params for option in each.opts}
    told = {(page, option) for page, text in TEXTS.items() for option in re.findall(r"`(--[a-z-]+)", text)}
    known = of_ops | {"--env", "--once"}
    assert sorted((page, option) for page, option in told if option not in known) == []


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_the_help_of_a_command_has_an_example_of_it_that_can_be_typed(path: tuple[str, ...]) -> None:
    told = (EVERY_COMMAND[path].epilog or "").removeprefix("Example: ")
    examples = told.split("; ")
    for example in examples:
        parsed(example)
    assert all(re.match(rf"ops (--env \w+ )?{' '.join(path)}\b", example) for example in examples)


@pytest.mark.parametrize("block", sorted({block for page in PAGES for block in blocks(page)}))
def test_a_block_of_commands_is_something_that_a_shell_reads(block: str) -> None:
    typed = re.sub(r"<[a-z][^<>\n]*>", "some", block)
    done = subprocess.run(["bash", "-n"], input=typed, capture_output=True, text=True, check=False)  # noqa: S607 - bash
    assert done.returncode == 0, done.stderr


def test_the_project_s_files_that_commands_name_are_there() -> None:
    path = re.compile(r"(?<![\w./])(?:events|functions|infra|tests)/[\w./*-]*\w")
    named = {(page, each) for page in PAGES for block in blocks(page) for each in path.findall(block)}
    made = ".terraform.lock.hcl"  # by who deploys first
    assert len(named) > 3
    assert [(page, each) for page, each in named if not each.endswith(made) and not [*ROOT.glob(each)]] == []


def test_the_result_that_the_first_page_shows_is_what_its_message_gets(kit: Kit) -> None:
    (shown,) = [json.loads(text) for text in re.findall(r"(?ms)^```json\n(.*?)^```$", TEXTS["README.md"])]
    (message,) = [shlex.split(told)[3] for told in commands("README.md", ".venv/bin/ops send") if "reason" in told]
    bench = bench_of("delete_response", kit)
    bench.studio.seed("resp_1")
    assert bench.deliver(bench.message(message)).acknowledged
    (result,) = bench.results()
    assert {name: type(value) for name, value in shown.items()}.items() <= {
        name: type(value) for name, value in result.items()
    }.items()
    for name in ("specversion", "type", "source", "datacontenttype", "data"):
        assert shown[name] == result[name]


def test_every_reason_of_a_dead_letter_says_what_to_do() -> None:
    told = {name for cells in rows("infra/README.md", "### Dead letters") for name in named(cells[0])}
    errors = {kind.reason for kind in APIError.__subclasses__()}
    later = {
        reason
        for path in (ROOT / "functions").glob("*.py")
        for reason in re.findall(r'Later\(\d+, "(\w+)"', path.read_text())
    }
    assert errors | later | {REUSED[0], TOO_MANY[0]} <= told


@pytest.mark.parametrize("page", DECISIONS)
def test_a_decision_says_why_what_it_costs_and_when_to_look_again(page: str) -> None:
    text = (ROOT / page).read_text()
    said = [text.find(f"\n**{part}**") for part in ("Decision.", "Why.", "Price.", "When to look again.")]
    assert -1 not in said
    assert said == sorted(said)
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 160
    index = (ROOT / page).parents[1] / "README.md"
    assert f"(decisions/{Path(page).name})" in index.read_text(), f"{index} names its decisions"


@pytest.mark.parametrize("page", sorted({*PAGES, *DECISIONS, "functions/walkthrough.md"}))
def test_what_a_page_leads_to_is_there(page: str) -> None:
    here = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    assert [link for link in links if not (here / link).exists()] == []


def test_the_alerts_are_about_queues_reasons_and_sections_that_there_are() -> None:
    alerts = rows(
        "infra/README.md",
        "**Alerts.** Create them by hand: Monium → Alerts, project `folder__<folder id>`. Choose that missing data raises no alarm.",
    )
    queues = {name.replace("_", "-") for name in QUEUED} | {"dead-letters", "results"}
    named_ones = [each[1].split(", ")[1] for each in alerts if each[1].split(",")[0] in ("stored", "age")]
    assert {name.strip("`") for name in named_ones} - {"*"} <= queues
    reasons = {
        reason
        for each in alerts
        for cell in re.findall(r"outcomes `([^`]+)`", " ".join(each))
        for reason in re.findall(r"\w+", cell)
    }
    errors = {kind.reason for kind in APIError.__subclasses__()}
    assert reasons - errors == set()
    headings = re.findall(r"(?m)^###? (.+)$", TEXTS["infra/README.md"])
    for each in alerts:
        assert not each[-1] or any(heading.startswith(each[-1]) for heading in headings), each
