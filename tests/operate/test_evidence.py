"""`ops evidence`: what was sealed, exported as files that prove themselves, and every change to one found."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from documents import tables
from infra.local.furnishing import locked_bucket
from infra.local.settings import write_env
from ledger import Keys, Ledger, Record, RecordKey, Standing, Write, receipts
from ledger.sealable import order
from retention.evidence import seal_records
from retention.evidence.merkle import leaf_hash, root_of
from retention.evidence.sealing import seal_days
from tests.operate.conftest import Ops, Scene
from worker.send.bucket import Bucket

START = 1_795_392_000.0
"""2026-11-23T00:00:00Z."""
DAY = 86_400.0
DAYS = ["2026-11-23", "2026-11-24", "2026-11-25"]


@dataclass
class Sealed:
    """A ledger of its own with two days of receipts, an empty day, and the bucket where all that is sealed."""

    ledger: Ledger
    table: str
    keys: Keys
    bucket: Bucket
    settings: Path

    def receipt(self, name: str, day: int, *, subject: str = "", outcome: str = "deleted", took: float = 60) -> None:
        key, at = self.keys.key("response", name), START + day * DAY + 3_600
        standing = Standing(key, 0, 0, frozenset({name}), sent_at=round((at - took) * 1000))
        audit = {"reason": "retention"} | ({"subject": self.keys.key("subject", subject)} if subject else {})
        self.ledger.write(receipts.outcome(standing, Record(key), outcome, at, audit))


@dataclass
class Archive:
    """What was sealed, and `ops` on it."""

    sealed: Sealed
    ops: Ops
    out: Path

    def exported(self, options: str) -> dict[str, Path]:
        """The files of an export by what they end with."""
        done = self.ops(f"evidence export {options} --json --out", self.out)
        assert done.code == 0, done.err
        return {path.suffix: path for path in map(Path, done.data["files"])}


@pytest.fixture(scope="module")
def sealed(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    there, folder = scene.environment, tmp_path_factory.mktemp("archive")
    settings = there.told(scene.settings.with_name("dev.log"))
    settings |= {"LEDGER_TABLE_PREFIX": "archive.", "EVIDENCE_BUCKET": "archive"}
    write_env(settings, folder / "archive.env")
    (table,) = tables.create(there.dynamodb, "archive.")
    keys = Keys(settings["HASH_KEY"])
    with closing(there.servers.s3) as s3, pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal_records, "GAP", 3)
        locked_bucket(s3, "archive")
        bucket = Bucket(lambda: s3, "archive")
        made = Sealed(Ledger(there.dynamodb, table), table, keys, bucket, folder / "archive.env")
        for number in range(20):
            made.receipt(f"resp_{number}", number % 2 * 2, subject="alice" if number == 3 else "", took=10 * number + 1)
        made.receipt("resp_gone", 0, outcome="already_absent")
        made.ledger.write(order(keys.key("response", "resp_3"), {"order": "redrive", "by": "=me", "at": START}, START))
        said = {"order": "place", "case": "case 7", "by": "counsel", "at": START}
        made.ledger.write(order(keys.key("subject", "bob"), said, START))
        seal_days(made.ledger, bucket, START + 3 * DAY + 3_600, lambda seals: [True] * len(seals), lambda: True)
        yield made


@pytest.fixture
def archive(sealed: Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    return Archive(sealed, Ops(sealed.settings, monkeypatch), tmp_path / "out")


def test_days_are_exported_and_each_file_holds_all_of_them(archive: Archive) -> None:
    files = archive.exported(f"--from {DAYS[0]} --to {DAYS[2]}")

    assert sorted(path.name for path in files.values()) == [
        f"evidence-{DAYS[0]}_{DAYS[2]}{ending}" for ending in (".csv", ".html", ".jsonl")
    ]
    rows = table_of(files[".csv"])
    assert sorted({row["kind"] for row in rows}) == ["order", "receipt"]
    assert [
        sum(row["outcome"] == each for row in rows) for each in ("deleted", "already_absent", "redrive", "place")
    ] == [
        20,
        1,
        1,
        1,
    ]
    took = sorted(float(row["seconds_after_due"]) for row in rows if row["outcome"] == "deleted")
    assert took == [10.0 * number + 1 for number in range(20)]
    for ending in (".jsonl", ".html"):
        checked = archive.ops("evidence verify --json", files[ending])
        assert (checked.code, checked.data["holds"], checked.data["proved"]) == (0, True, 23)
    page = files[".html"].read_text()
    assert "case 7" in page
    assert "counsel" in page
    everything = b"".join(path.read_bytes() for path in files.values())
    assert not [each for each in (b"resp_", b"alice", b"bob") if each in everything]


def test_the_command_says_what_it_wrote_and_how_long_deletions_took(archive: Archive) -> None:
    told = archive.ops("evidence export --from 2026-11-23 --out", archive.out)

    assert "23 lines of 3 days, 2026-11-23 to 2026-11-25; the last head is " in told.out
    assert "deleted after it was due: median 1 min 31 s, 95 % 3 min 1 s, longest 3 min 11 s" in told.out


def test_what_a_person_s_export_has_concerns_them_and_holds(archive: Archive) -> None:
    files = archive.exported("--subject alice")

    rows = table_of(files[".csv"])
    response = archive.sealed.keys.key("response", "resp_3")
    assert sorted((row["kind"], row["of"] or row["key"]) for row in rows) == [
        ("order", response),
        ("receipt", response),
    ]
    for ending in (".jsonl", ".html"):
        told = archive.ops("evidence verify", files[ending])
        assert (told.code, "It is a selection" in told.out) == (0, True)
    assert "case 7" not in files[".html"].read_text()

    rows = table_of(archive.exported("--subject bob")[".csv"])
    assert [(row["kind"], row["case"], row["by"]) for row in rows] == [("order", "case 7", "counsel")]


def test_a_head_that_somebody_kept_is_looked_for(archive: Archive) -> None:
    files = archive.exported(f"--from {DAYS[0]}")
    head = archive.ops(f"evidence export --from {DAYS[1]} --to {DAYS[1]} --json --out", archive.out).data["head"]

    assert archive.ops(f"evidence verify --head {head}", files[".jsonl"]).code == 0
    other = archive.ops(f"evidence verify --head {'0' * 64}", files[".jsonl"])
    assert (other.code, "no seal has the head that was given" in other.out) == (1, True)


def table_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def lines_at(lines: list[bytes]) -> list[int]:
    return [at for at, line in enumerate(lines) if b'"line":' in line]


def byte(lines: list[bytes]) -> set[int]:
    at = next(at for at in lines_at(lines) if b"retention" in lines[at])
    lines[at] = lines[at].replace(b"retention", b"retentioN")
    return {at + 1}


def removed(lines: list[bytes]) -> set[int]:
    at = lines_at(lines)[4]
    sealed = max(number for number in range(at) if lines[number].startswith(b'{"seal"'))
    del lines[at]
    return {sealed + 1, len(lines)}  # under its seal, and where the lines are counted


def swapped(lines: list[bytes]) -> set[int]:
    one, other = lines_at(lines)[2], lines_at(lines)[5]
    lines[one], lines[other] = lines[other], lines[one]
    return {one + 1, other + 1}


def forged(lines: list[bytes]) -> set[int]:
    """A receipt changed, and its path and seal made to fit, as somebody would who has the program."""
    at = next(number for number in lines_at(lines) if not json.loads(lines[number])["path"])
    said: dict[str, Any] = json.loads(lines[at])
    said["line"]["forged"] = True
    sealed = max(number for number in range(at) if lines[number].startswith(b'{"seal"'))
    seal: dict[str, Any] = json.loads(lines[sealed])
    shards = seal["seal"]["shards"]
    shards[said["shard"]]["root"] = leaf_hash(rfc8785.dumps(said["line"])).hex()
    seal["seal"]["root"] = root_of([leaf_hash(bytes.fromhex(each["root"])) for each in shards]).hex()
    lines[at], lines[sealed] = rfc8785.dumps(said), rfc8785.dumps(seal)
    return {next(number for number in range(sealed + 1, len(lines)) if lines[number].startswith(b'{"seal"')) + 1}


@pytest.mark.parametrize("change", [byte, removed, swapped, forged])
@pytest.mark.parametrize("ending", [".jsonl", ".html"])
def test_what_was_changed_is_found_and_its_line_is_named(
    archive: Archive, tmp_path: Path, change: Callable[[list[bytes]], set[int]], ending: str
) -> None:
    files = archive.exported(f"--from {DAYS[0]}")
    whole = files[".jsonl"].read_bytes().splitlines()
    lines = list(whole)
    named = change(lines)
    if ending == ".jsonl":
        content, around = b"\n".join(lines) + b"\n", set[int]()
    else:
        content, around = files[".html"].read_bytes().replace(b"\n".join(whole), b"\n".join(lines)), {0}
    (changed := tmp_path / f"changed{ending}").write_bytes(content)

    checked = archive.ops("evidence verify --json", changed)

    assert (checked.code, checked.data["holds"]) == (1, False)
    assert {fault["line"] for fault in checked.data["faults"]} == named | around
    told = archive.ops("evidence verify", changed).out
    assert all(f"line {number}: " in told for number in named)


def test_a_page_whose_figures_were_changed_is_found_though_its_lines_are_proved(
    archive: Archive, tmp_path: Path
) -> None:
    content = archive.exported(f"--from {DAYS[0]}")[".html"].read_bytes()
    (changed := tmp_path / "changed.html").write_bytes(content.replace(b"<dd>20</dd>", b"<dd>21</dd>"))

    checked = archive.ops("evidence verify --json", changed)

    assert (checked.code, checked.data["proved"]) == (1, 23)
    assert [fault["problem"] for fault in checked.data["faults"]] == ["the page was changed since it was made"]


def test_a_check_needs_nothing_but_the_file(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = archive.exported(f"--from {DAYS[0]}")[".jsonl"]

    alone = Ops(tmp_path / "no such environment", monkeypatch)

    assert alone("evidence verify", file).code == 0


def test_what_can_t_be_exported_is_said_in_a_line(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops = archive.ops
    for command, code, told in (
        ("evidence export", 2, "say which days"),
        ("evidence export --from tomorrow", 2, "'tomorrow' is no day"),
        ("evidence export --from 2027-01-01", 1, "nothing is sealed on those days"),
        ("evidence verify nowhere.jsonl", 2, "nowhere.jsonl: there is no such file"),
    ):
        done = ops(command)
        assert (done.code, told in done.err) == (code, True), done.err
    (tmp_path / "else.csv").write_text("a,b\n")
    assert ops("evidence verify", tmp_path / "else.csv").code == 2
    text = archive.sealed.settings.read_text()
    (elsewhere := tmp_path / "elsewhere.env").write_text(
        text.replace("EVIDENCE_BUCKET=archive", "EVIDENCE_BUCKET=nowhere")
    )
    done = Ops(elsewhere, monkeypatch)("evidence export --from 2026-11-23")
    assert (done.code, "NoSuchBucket" in done.err) == (3, True)


def test_evidence_that_is_not_what_was_sealed_is_not_exported(archive: Archive) -> None:
    ledger, name = archive.sealed.ledger, RecordKey(f"seal#{DAYS[0]}")
    seal = ledger.get(name).rest["seal"]
    changed = json.loads(seal)
    changed["shards"][0]["count"] += 1
    ledger.write(Write(name, sets={"seal": json.dumps(changed)}))
    try:
        done = archive.ops("evidence export --from 2026-11-23 --out", archive.out)
    finally:
        ledger.write(Write(name, sets={"seal": seal}))

    assert (done.code, "the evidence is not what was sealed" in done.err) == (1, True)


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_none(archive: Archive) -> None:
    rows = table_of(archive.exported(f"--from {DAYS[0]}")[".csv"])

    assert [row["by"] for row in rows if row["outcome"] == "redrive"] == ["'=me"]
