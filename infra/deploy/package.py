"""Build dist/functions.zip: one archive with all functions and what they need, the same bytes for the same sources.

`python -m infra.deploy.package`; PYTHON312 names another CPython 3.12 than the one that is found.
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

from infra.deploy.prune import prune
from infra.operate.cloud import Stopped, command

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "functions"
REQUIREMENTS = ROOT / "requirements.txt"
WHEELS = ROOT / ".local" / "wheels"
TARGET = ROOT / "dist" / "functions.zip"

MAX_BYTES = 6_000_000
"""The archive's bound, for the sake of cold starts; the platform's own is 128 MB."""

PLATFORM = ("--platform", "manylinux2014_x86_64", "--python-version", "3.12", "--implementation", "cp")
"""What the platform's python312 runs: the wheels are chosen for it, whatever this machine is."""

DEPLOYED_AT = "/function/code"
"""Where the platform unpacks the archive: tracebacks name files there."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class CannotBuild(Stopped):
    """The archive can't be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built archive: where it is, the sha256 that is its name in the cloud, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def interpreter() -> Path:
    """A CPython 3.12: the one that PYTHON312 names, else one that is found (`_candidates`).

    Raises CannotBuild: PYTHON312 names another program, or none was found.
    """
    named = os.environ.get("PYTHON312")
    if named:
        if _version(named) != "cpython 3 12":
            raise CannotBuild(f"PYTHON312 names {named}, which is not CPython 3.12 but {_version(named)!r}")
        return Path(shutil.which(named) or named)
    for found in _candidates():
        if _version(found) == "cpython 3 12":
            return Path(found)
    raise CannotBuild(
        "no CPython 3.12 was found, which compiles the functions: install one, or name it by its path,\n"
        "  make package PYTHON312=$HOME/.pyenv/versions/3.12.8/bin/python3.12"
    )


def _candidates() -> Iterator[str]:
    """Names of interpreters: on PATH, then beside this one where a version manager keeps several."""
    if found := shutil.which("python3.12"):
        yield found
    yield from (str(path) for path in sorted(Path(sys.base_prefix).parent.glob("*3.12*/bin/python3.12")))


def _version(python: str) -> str:
    """What an interpreter says that it is; empty where it can't be run (a version manager's shim, say)."""
    says = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", says], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def build(target: Path = TARGET) -> Package:
    """Build the archive.

    Raises CannotBuild: there is no CPython 3.12, a wheel can't be had, or the archive would be too large.
    """
    python = interpreter()
    wheels = _wheels(python)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        root = Path(folder) / "code"
        _pip(python, "install", "--no-index", "--find-links", str(wheels), "--target", str(root), "--no-compile")
        prune(root, SOURCES, python)
        _compile(python, root, "-b")  # beside their sources, which are dropped: half the size, and quicker to find
        for source in list(root.rglob("*.py")):
            source.unlink()
        shutil.copytree(SOURCES, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.md"))
        _compile(python, root)  # ours keep theirs: the platform looks for entry files, a rollback reads them
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


def _compile(python: Path, root: Path, *more: str) -> None:
    """Compile all modules so that no timestamp matters: unpacking sets other ones, and a stale .pyc is ignored."""
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", DEPLOYED_AT]
    # The seed orders sets in constants; -P keeps this folder's modules from being imported by the compiler.
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    command = [str(python), "-P", "-m", "compileall", *options, *more, str(root)]
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


@command
def main() -> int:
    """Build the archive and print its name, size and sha256."""
    package = build()
    print(f"{package.path.relative_to(ROOT)}  {package.size:,} bytes  sha256 {package.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
