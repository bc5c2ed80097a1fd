"""`make new-function NAME=...`: writes a function's entry file, table entry, stand-in endpoint and samples.

With `ONCE=1` the call must not be repeated where its outcome is unknown.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from string import Template

from infra.local.new_function.samples import samples
from infra.local.processes.surroundings import ROOT

TEMPLATES = Path(__file__).with_name("templates")


def files_of(name: str, *, once: bool) -> dict[Path, str]:
    """Make the files' texts by path from the project's root; the table is the present one with one more entry."""
    words = {
        "name": name,
        "class": name.title().replace("_", ""),
        "dotted": name.replace("_", "."),
        "idempotent": str(not once),
        "idempotent_yaml": str(not once).lower(),
        "imports": "Message, OnUnknown, Outcome" if once else "Message, Outcome",
        "unknown": ', unknown="on_unknown"' if once else "",
        "on_unknown": '    on_unknown: OnUnknown = "dead_letter"\n' if once else "",
    }

    def filled(template: str) -> str:
        return Template((TEMPLATES / template).read_text()).substitute(words)

    table = Path("infra/functions.yaml")
    return {
        Path(f"functions/{name}.py"): filled("entry.py.txt"),
        Path(f"infra/local/studio/further/{name}.py"): filled("stand_in.py.txt"),
        **{
            Path(f"events/{name}/{case}.json"): json.dumps(event, indent=2) + "\n"
            for case, event in samples(name, once=once).items()
        },
        table: (ROOT / table).read_text() + filled("table_entry.yaml.txt"),
    }


def main() -> int:
    """Write the files, and say what to do in each. Only the table is overwritten."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.new_function", description=__doc__)
    parser.add_argument("name", help="lower-case words with underscores, a verb first: count_tokens")
    parser.add_argument("--once", action="store_true", help="the call must not be repeated")
    given = parser.parse_args()
    name: str = given.name
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 40:
        sys.exit("Say how it is called, a verb first, in at most 40 characters: make new-function NAME=count_tokens")
    if (ROOT / "functions" / f"{name}.py").exists() or (ROOT / "functions" / name).exists():
        sys.exit(f"functions/ has {name} already: choose another name.")
    for path, text in files_of(name, once=given.once).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
        print(path)
    print(
        "\nIt passes all tests as it is. Now make it yours:"
        f"\n  functions/{name}.py                    the message, the call, the outcome"
        f"\n  infra/local/studio/further/{name}.py   what the endpoint answers"
        f"\n  events/{name}/                         what a producer sends, and how it ends"
        "\n  infra/functions.yaml                   its account, roles, memory, concurrency"
        "\nIt is deployed once a set in infra/functions.yaml names it."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
