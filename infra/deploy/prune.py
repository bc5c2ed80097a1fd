"""Take out of the installed packages what no function loads; the tests run every handler without it."""

import ast
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from gzip import decompress
from pathlib import Path
from typing import Any

from botocore import xform_name

SERVICES = ("dynamodb", "s3", "sqs")
"""The services that functions call; botocore describes all of AWS's."""

UNUSED = (
    "anyio",  # httpx goes without it, but for asynchronous calls
    "bin",
    "boto3",  # functions use its engine, botocore
    "botocore/cacert.pem",  # botocore takes certifi's certificates where certifi is installed
    "dateutil/rrule.py",  # for calendars' time zones
    "dateutil/zoneinfo",
    "h11",
    "httpcore",  # httpx loads it, with h11, for its own transport only
    "pydantic/mypy.py",
    "pydantic/v1",  # the old library
    "s3transfer",  # boto3's
    "urllib3/contrib/emscripten",
    "websockets/asyncio",
    "websockets/legacy",
    "websockets/trio",
)

ONLY_LOADED = "aws_lambda_powertools"
"""Of this package only what its Logger loads stays: an HTTP framework with its user interface is most of the rest."""

BY_BOTOCORE = {"head_bucket"}
"""Operations that botocore itself calls: S3 asks for a bucket's region after a redirect."""

_LICENCE = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def prune(root: Path, sources: Path, python: Path) -> None:
    """Prune the packages that are installed in `root` for the functions in `sources`."""
    for unneeded in list(_unneeded(root)):
        _remove(unneeded)
    loaded = _loaded(root, python)
    for path in [path for path in (root / ONLY_LOADED).rglob("*") if path.is_file()]:
        if path.relative_to(root).as_posix() not in loaded:
            path.unlink()
    data = root / "botocore" / "data"
    called = names_in(sources) | BY_BOTOCORE
    for path in data.glob("*/*/service-2.json.gz"):
        description = described(json.loads(decompress(path.read_bytes())), called)
        # Not compressed: the archive does that, and an instance that starts has less to do.
        path.with_suffix("").write_text(json.dumps(description, separators=(",", ":")))
        path.unlink()
    endpoints = json.loads((data / "endpoints.json").read_text())
    (data / "endpoints.json").write_text(json.dumps(_of_services(endpoints), separators=(",", ":")))


def names_in(sources: Path) -> set[str]:
    """Every attribute and every text in the code: each operation that it calls is among them."""
    names = set()
    for path in sources.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    return names


def described(service: Mapping[str, Any], called: set[str]) -> dict[str, Any]:
    """A service's description with the operations in `called` and their shapes, and without documentation."""
    operations = {name: each for name, each in service["operations"].items() if xform_name(name) in called}
    shapes: dict[str, Any] = {}
    wanted = list(_shapes_of(operations))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = service["shapes"][name]
            wanted += _shapes_of(shapes[name])
    kept = {**service, "operations": operations, "shapes": {name: shapes[name] for name in sorted(shapes)}}
    plain: dict[str, Any] = _without_documentation(kept)
    if "clientContextParams" in service:
        plain["clientContextParams"] = service["clientContextParams"]  # botocore reads their documentation
    return plain


def _shapes_of(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for each in part.values():
            yield from _shapes_of(each)
    elif isinstance(part, list):
        for each in part:
            yield from _shapes_of(each)


def _without_documentation(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {
            name: _without_documentation(each)
            for name, each in part.items()
            if name not in ("documentation", "documentationUrl") or not isinstance(each, str)
        }
    return [_without_documentation(each) for each in part] if isinstance(part, list) else part


def _of_services(endpoints: Mapping[str, Any]) -> dict[str, Any]:
    """The default partition's endpoints of the services that are called; clients here are given their URLs anyway."""
    default = endpoints["partitions"][0]
    services = {name: each for name, each in default["services"].items() if name in SERVICES}
    return {**endpoints, "partitions": [{**default, "services": services}]}


def _loaded(root: Path, python: Path) -> set[str]:
    """The files in `root` that importing the Logger loads."""
    program = f"""import sys
sys.path[:0] = [{str(root)!r}]
import {ONLY_LOADED}
{ONLY_LOADED}.Logger("prune").info("loaded")
print(*(module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)), sep="\\n")
"""
    command = [str(python), "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    paths = (Path(line) for line in done.stdout.splitlines())
    return {path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root)}


def _unneeded(root: Path) -> Iterator[Path]:
    yield from (root / name for name in UNUSED)
    yield from (path for pattern in ("*.pyi", "*.c", "*.h") for path in root.rglob(pattern))
    yield from (path for path in root.rglob("tests") if path.is_dir())
    data = root / "botocore" / "data"
    yield from (path for path in data.iterdir() if path.is_dir() and path.name not in SERVICES)
    for pattern in ("examples-1.json*", "waiters-2.json*"):
        yield from data.rglob(pattern)
    for about in root.glob("*.dist-info"):
        files = [path for path in about.rglob("*") if path.is_file()]
        licences = [path for path in files if path.name.upper().startswith(_LICENCE) or "licenses" in path.parts]
        kept = licences or [about / "METADATA"]  # which names the licence, where there is no file with its text
        yield from (path for path in files if path not in kept)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
