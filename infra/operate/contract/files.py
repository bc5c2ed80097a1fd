"""The files of the contract: what is in them, and whether they keep what was released."""

import json
from pathlib import Path

import yaml

from infra.local.samples.case import EVENTS
from infra.operate.contract.compare import narrowed, taken_away
from infra.operate.contract.document import document
from infra.operate.contract.schemas import Schema, functions, message_of, result_of, senders

DOCUMENT = EVENTS / "asyncapi.yaml"
SCHEMAS = EVENTS / "schemas"
RELEASED = SCHEMAS / "released"
"""The schemas of the last release: what producers and consumers may build on."""

KEEP = """\
Keep it: bring the field back, make a new one optional, or take both forms. Where nobody can depend on it any more
(messages wait up to 4 days, dead letters up to 14), release the change: make contract RELEASE=1, and say so to producers."""


def written(table: Schema) -> dict[Path, str]:
    """Every file with its text. Raises Stopped where a function's results are not described."""
    files = {DOCUMENT: yaml.safe_dump(document(table), sort_keys=False, allow_unicode=True, width=120)}
    schemas = {f"messages/{name}.json": message_of(function) for name, function in functions(table).items()}
    schemas |= {f"results/{name}.json": result_of(sender) for name, sender in senders(table).items()}
    return files | {
        SCHEMAS / path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in schemas.items()
    }


def breaks(now: Path = SCHEMAS, released: Path = RELEASED) -> list[str]:
    """Say which released schemas the present ones break, in what, and what to do."""
    told = []
    for kind, compare in (("messages", narrowed), ("results", taken_away)):
        for path in sorted((released / kind).glob("*.json")):
            present = now / kind / path.name
            if not present.exists():
                told.append(f"{kind}/{path.name}: the function is gone. {KEEP}")
                continue
            found = compare(json.loads(path.read_text()), json.loads(present.read_text()))
            told += [f"{kind}/{path.name}: {each}. {KEEP}" for each in found]
    return told
