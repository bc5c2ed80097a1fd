"""Looking at processes, as the Linux kernel tells of them."""

from contextlib import suppress
from pathlib import Path

from infra.local.processes.surroundings import handed_on

ENVIRONMENT = {**handed_on(), "PYTHONPATH": "functions"}
"""That of a command which is run as the Makefile runs it."""


def descendants(pid: int) -> set[int]:
    """All living processes below one."""
    children: dict[int, set[int]] = {}
    for child, (_, parent) in _processes().items():
        children.setdefault(parent, set()).add(child)
    found, left = set[int](), {pid}
    while left:
        left = {child for parent in left for child in children.get(parent, set())}
        found |= left
    return found


def alive(pids: set[int]) -> set[int]:
    """Which of these processes still run; a zombie does not."""
    return {pid for pid, (state, _) in _processes().items() if pid in pids and state != "Z"}


def _processes() -> dict[int, tuple[str, int]]:
    """State and parent of every process."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, parent, *_ = entry.read_text().rpartition(")")[2].split()
            found[int(entry.parent.name)] = (state, int(parent))
    return found


def listening(pid: int) -> set[str]:
    """The addresses on which a process listens, as the kernel tells them."""
    inodes = {
        link.name for fd in Path(f"/proc/{pid}/fd").iterdir() if (link := fd.readlink()).name.startswith("socket:")
    }
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                found.add(fields[1].partition(":")[0])
    return found
