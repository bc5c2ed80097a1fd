"""The page that shows what a newcomer sees: its first part is the demo, the rest what README.md has a person type."""

import os
import re

from infra.local.processes.surroundings import ROOT

PAGE = ROOT / "infra" / "local" / "transcript.md"
ALIKE = {
    r"\x1b\[[0-9;]*m": "",
    re.escape(str(ROOT)): "/home/ann/aistudio-functions",
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "11111111-2222-3333-4444-555555555555",
    r"(?<![-\w])[0-9a-f]{1,8}(?:-[0-9a-f]{1,8}){3}(?![-\w])": "11111111-22222222-33333333-44444444",
    r"\b[0-9a-f]{32}\b": "0123456789abcdef0123456789abcdef",
    r"\b[0-9a-f]{64}\b": "0123456789abcdef" * 4,
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)": "2026-11-22T08:00:00.000+00:00",
    r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d \(in [^)]*\)": "08:20:00 (in 20 min)",
    r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d \([^)]* ago\)": "08:00:00 (1 s ago)",
    r"--from \d{4}-\d\d-\d\d": "--from 2026-11-22",
    r"evidence-\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d": "evidence-2026-11-22_2026-11-23",
    r"sealed \d days": "sealed 2 days",
    r"lines of \d days": "lines of 2 days",
    r"\b\d+ ms\b": "9 ms",
    r"#\d{13}\b": "#1795248000000",
    r", in \d+ s\.": ", in 9 s.",
}
"""What is new each time, and what stands for it on the page."""

_PARTS = re.compile(r"\n(?=## In another terminal)")


def expect(seen: str, part: int) -> None:
    """Hold a part of the page (0: the demo, 1: the rest) to what is seen; where WRITE is set, write it.

    Raises AssertionError.
    """
    for pattern, stands in ALIKE.items():
        seen = re.sub(pattern, stands, seen)
    parts = _PARTS.split(PAGE.read_text(), maxsplit=1)
    if os.environ.get("WRITE"):
        parts[part] = seen
        PAGE.write_text("\n".join(parts))
    assert seen == parts[part], "what is to be seen has changed: make transcript, and look at the difference"
