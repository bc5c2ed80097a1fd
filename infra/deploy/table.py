"""Read infra/functions.yaml, the table of functions, and refuse it where it is not what its schema says."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from infra.operate.cloud import Stopped
from retention.policies import Policies

INFRA = Path(__file__).resolve().parents[1]


def read(infra: Path = INFRA) -> dict[str, Any]:
    """Return the table. Raises Stopped, naming every line that the schema refuses."""
    schema = json.loads((infra / "functions.schema.json").read_text())
    try:
        # libyaml takes 8 ms, PyYAML's own loader 70 ms, for which each command of `ops` would wait.
        table: dict[str, Any] = yaml.load((infra / "functions.yaml").read_text(), yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Stopped(f"infra/functions.yaml is no YAML: {error}") from None
    faults = sorted(jsonschema.Draft202012Validator(schema).iter_errors(table), key=lambda fault: list(fault.path))
    if faults:
        told = "\n".join(f"  {'.'.join(map(str, fault.path)) or 'the table'}: {fault.message}" for fault in faults)
        raise Stopped(f"infra/functions.yaml is not what infra/functions.schema.json says:\n{told}")
    return table


def policies(infra: Path = INFRA) -> str:
    """Return the retention policies as functions read them. Raises Stopped where they are not usable."""
    try:
        text = json.dumps(yaml.safe_load((infra / "retention.yaml").read_text()))
        Policies.read(text)
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise Stopped(f"infra/retention.yaml: {error}") from None
    return text
