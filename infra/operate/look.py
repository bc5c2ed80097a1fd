"""Find what the ledger and the logs say of one message, which both name by a keyed hash of its id only.

`python -m infra.operate.look ENVIRONMENT FUNCTION ID`: a deletion's id is its `response_id`, a create's its `event_id`;
with `FUNCTION:message` it is the queue's message id, for what had no valid key of its own.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from documents import TableUnavailable
from infra.deploy import table
from infra.deploy.smoke import function_of, ledger_of
from infra.deploy.terraform import Root
from infra.operate.cloud import KEY, Stopped, begin
from ledger.record import Record


def look(platform: Mapping[str, Any], namespace: str, name: str) -> dict[str, Any]:
    """Return the record's key, and the record as JSON has it, None where there is none. Raises Stopped."""
    keys, store = ledger_of(platform)
    key = keys.key(namespace, name)
    try:
        record = store.get(key)
    except TableUnavailable as error:
        raise Stopped(f"the ledger can't be read: {error}") from None
    return {"key": key, "record": None if record == Record(key) else asdict(record)}


def main() -> int:
    """Look as the arguments say."""
    functions = {name: entry for name, entry in table.read()["functions"].items() if "queue" in entry}
    parser = argparse.ArgumentParser(prog="python -m infra.operate.look", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("function", choices=[*functions, *(f"{name}:message" for name in functions)])
    parser.add_argument("id", help="the message's own key, as its producer knows it")
    asked = parser.parse_args()
    try:
        begin("YC_TOKEN", *KEY)
        platform = Root("platform", asked.environment)
        platform.init()
        entry = functions.get(asked.function)  # none: the messages of a function that had no valid key
        namespace = function_of(entry).namespace if entry else asked.function
        found = look(platform.output("platform"), namespace, asked.id)
    except Stopped as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2, ensure_ascii=False, default=sorted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
