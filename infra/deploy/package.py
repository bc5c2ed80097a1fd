"""Build dist/functions.zip: one archive with all functions and what they need, the same bytes for the same sources.

``PYTHON312=/path/to/python3.12 python -m infra.deploy.package``
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "functions"
REQUIREMENTS = ROOT / "requirements.txt"
WHEELS = ROOT / ".local" / "wheels"
TARGET = ROOT / "dist" / "functions.zip"

MAX_BYTES = 10_000_000
"""The archive's bound, for the sake of cold starts; the platform's own is 128 MB."""

PLATFORM = ("--platform", "manylinux2014_x86_64", "--python-version", "3.12", "--implementation", "cp")
"""What the platform's python312 runs: the wheels are chosen for it, whatever this machine is."""

DEPLOYED_AT = "/function/code"
"""Where the platform unpacks the archive: tracebacks name files there."""

SERVICES = frozenset({"dynamodb", "s3", "sqs"})
"""The services whose descriptions boto3 needs here; those of all others are three quarters of it."""

UNUSED = (
    "bin",
    "aws_lambda_powertools/event_handler",  # an HTTP framework with its user interface; only the Logger is used
    "boto3/examples",
    "pydantic/v1",  # the old library, kept for those who still use it
)
"""What is installed and imported by nothing here: a tenth of the archive. The tests run a handler without it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LICENCE = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


class CannotBuild(Exception):
    """The archive can't be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built archive: where it is, the sha256 that is its name in the cloud, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def interpreter() -> Path:
    """The CPython 3.12 that PYTHON312 names.

    Raises:
        CannotBuild: it names none.
    """
    named = os.environ.get("PYTHON312", "")
    found = shutil.which(named) if named else None
    if found is None:
        raise CannotBuild(
            f"PYTHON312 names no interpreter ({named!r}): set it to a CPython 3.12, which compiles the functions"
        )
    says = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    version = subprocess.run([found, "-c", says], capture_output=True, text=True, check=False)
    if version.stdout.split() != ["cpython", "3", "12"]:
        raise CannotBuild(f"PYTHON312 names {found}, which is not CPython 3.12 but {version.stdout.strip()!r}")
    return Path(found)


def build(target: Path = TARGET) -> Package:
    """Build the archive.

    Raises:
        CannotBuild: there is no CPython 3.12, a wheel can't be had, or the archive would be too large.
    """
    python = interpreter()
    wheels = _wheels(python)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        root = Path(folder) / "code"
        _pip(python, "install", "--no-index", "--find-links", str(wheels), "--target", str(root), "--no-compile")
        for unneeded in list(_unneeded(root)):
            _remove(unneeded)
        shutil.copytree(SOURCES, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        _compile(python, root)
        target.parent.mkdir(parents=True, exist_ok=True)
        _zip(root, target)
    return described(target)


def described(archive: Path) -> Package:
    """What an archive is. Raises CannotBuild where it is too large."""
    size = archive.stat().st_size
    if size > MAX_BYTES:
        raise CannotBuild(f"{archive.name} has {size:,} bytes; at most {MAX_BYTES:,}")
    return Package(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), size)


def _wheels(python: Path) -> Path:
    """Download the wheels once for each content of requirements.txt; later builds need no network."""
    folder = WHEELS / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent))  # renamed at the end, so that the folder is always complete
    try:
        _pip(python, "download", "--dest", str(partial))
        with suppress(OSError):  # another build was quicker
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _pip(python: Path, verb: str, *options: str) -> None:
    # pip itself comes from here; environment markers are judged by the named interpreter.
    command = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check", verb]
    locked = ["--no-deps", "--only-binary=:all:", "--require-hashes", *PLATFORM, "-r", str(REQUIREMENTS)]
    done = subprocess.run([*command, *options, *locked], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBuild(f"pip {verb} failed:\n{done.stderr}")


def _unneeded(root: Path) -> Iterator[Path]:
    """What is installed and never read by a function."""
    yield from (root / name for name in UNUSED)
    yield from (path for pattern in ("*.pyi", "*.c", "*.h") for path in root.rglob(pattern))
    yield from (path for path in root.rglob("tests") if path.is_dir())
    for data in (root / "botocore" / "data", root / "boto3" / "data"):
        yield from (path for path in data.iterdir() if path.is_dir() and path.name not in SERVICES)
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


def _compile(python: Path, root: Path) -> None:
    """Compile all modules so that no timestamp matters: unpacking sets other ones, and a stale .pyc is ignored."""
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", DEPLOYED_AT]
    # The seed orders sets in constants; -P keeps this folder's modules from being imported by the compiler.
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    command = [str(python), "-P", "-m", "compileall", *options, str(root)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBuild(f"compiling failed:\n{done.stdout}{done.stderr}")


def _zip(root: Path, target: Path) -> None:
    """Write the archive with sorted names, one date and one mode, so that only content decides its bytes."""
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100755 if name.endswith(".so") or ".so." in name else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())


def main() -> int:
    """Build the archive and print its name, size and sha256."""
    try:
        package = build()
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{package.path.relative_to(ROOT)}  {package.size:,} bytes  sha256 {package.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
