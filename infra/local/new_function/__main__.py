"""`make new-function NAME=...`: writes a function's entry file, table entry, stand-in endpoint and samples."""

import argparse
import json
import re
import sys
from pathlib import Path
from string import Template

from infra.local.new_function.samples import samples
from infra.local.processes.surroundings import ROOT

TEMPLATES = Path(__file__).with_name("templates")


def files_of(name: str) -> dict[Path, str]:
    """What is to be written, by path from the project's root; the table is written anew, with one entry more."""
    words = {"name": name, "class": name.title().replace("_", ""), "dotted": name.replace("_", ".")}

    def filled(template: str) -> str:
        return Template((TEMPLATES / template).read_text()).substitute(words)

    table = Path("infra/functions.yaml")
    return {
        Path(f"functions/{name}.py"): filled("entry.py.txt"),
        Path(f"infra/local/studio/further/{name}.py"): filled("stand_in.py.txt"),
        **{
            Path(f"events/{name}/{case}.json"): json.dumps(event, indent=2) + "\n"
            for case, event in samples(name).items()
        },
        table: (ROOT / table).read_text() + filled("table_entry.yaml.txt"),
    }


def main() -> int:
    """Write the files, and say what to do in each. Nothing that exists is overwritten but the table."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.new_function", description=__doc__)
    parser.add_argument("name", help="lower-case words with underscores, a verb first: count_tokens")
    name: str = parser.parse_args().name
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 40:
        sys.exit("Say how it is called, a verb first, in at most 40 characters: make new-function NAME=count_tokens")
    if (ROOT / "functions" / f"{name}.py").exists() or (ROOT / "functions" / name).exists():
        sys.exit(f"functions/ has {name} already: choose another name.")
    for path, text in files_of(name).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
        print(path)
    print(
        "\nIt passes all tests as it is. Now make it yours: the message, the call and the outcome in functions/, the"
        "\nanswers in infra/local/studio/further, who runs it and how much at once in infra/functions.yaml,"
        "\nwhat it shows in events/. `make demo` plays it; a set in infra/functions.yaml deploys it."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
