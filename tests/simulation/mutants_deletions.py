"""Holes in how calls are settled that may repeat."""

from tests.simulation.mutation import hole

ROW = "worker.settle.repeatable_row"
RECORD = "worker.settle.repeatable_record"
REPEATABLE = "worker.settle.repeatable"
DELETIONS = "ledger.deletions"

OF_DELETIONS = (
    hole(
        "H2",
        "a deletion's mark is raised although no copy was confirmed",
        (
            RECORD,
            (
                '            ended.append((item, Settlement(End.UNSETTLED, "queue", trace=failed.trace)))\n'
                "            continue\n"
            ),
            '            ended.append((item, Settlement(End.UNSETTLED, "queue", trace=failed.trace)))\n',
        ),
        by="deletion",
    ),
    hole(
        "H4",
        "a parked deletion counts as settled before its dead letter was sent",
        (
            ROW,
            "Remind(row) if row.dlq == PENDING else Answered(row, str(row.reason))",
            "Answered(row, str(row.reason))",
        ),
        by="deletions",
    ),
    hole(
        "H11",
        "receipts are written whatever is there",
        (
            DELETIONS,
            "        condition=when.NO_FACT,\n        given=when.given(),\n    )\n\n\ndef held",
            '        condition="",\n        given=when.given(),\n    )\n\n\ndef held',
        ),
        by="deletion",
    ),
    hole(
        "H11",
        "a deletion's mark is written over whatever is there",
        (DELETIONS, "when.FREE, when.OPEN_BELOW_COPY, when.OPEN_FOR_ANOTHER", 'when.FREE, "NOT #state IN (:open)"'),
        by="dates",
    ),
    hole(
        "H15",
        "held blocks for ever",
        (ROW, "if row.state in FINAL_STATES:\n", 'if row.state in FINAL_STATES or row.state == "held":\n'),
        by="deletion",
    ),
    hole(
        "H15",
        "a parked deletion answers every later message",
        (ROW, "if row.state == DEAD_LETTERED and not newer(delivery, row):", "if row.state == DEAD_LETTERED:"),
        by="deletions",
    ),
    hole(
        "H15",
        "a fresh message shares the end of an old one that comes back",
        (REPEATABLE, "apart(item, rows[item.row], inv.clock.now())", "[item]"),
        by="fresh",
    ),
    hole(
        "H16",
        "held is recorded without a look whether it is still there",
        (REPEATABLE, "if call is None:", "if held:"),
        by="deletions",
    ),
    hole(
        "H18",
        "a deletion is parked over held",
        (DELETIONS, "            when.NEWER_THAN_HELD,\n", '            "#state = :held",\n'),
        by="a deletion twice at once, refused, held, a crash",
    ),
    hole(
        "H20",
        "copies of a deletion raise no mark",
        (RECORD, "written = inv.store.write_all(marks)", "written = [Written.YES] * len(marks)"),
        by="neighbours",
    ),
    hole(
        "H23",
        "what could not begin before the deadline is left unsettled",
        (
            REPEATABLE,
            "return ended if ended.stale else",
            "return ended if ended.stale or ended.because is None else",
        ),
        (
            REPEATABLE,
            "                waiting.append(item)\n",
            (
                "                if verdict.stale:\n"
                "                    waiting.append(item)\n"
                "                else:\n"
                '                    settled.append((item, Settlement(End.UNSETTLED, "time")))\n'
            ),
        ),
        by="slow",
    ),
    hole(
        "H26",
        "a deletion's mark outlives the copy that it stands for",
        (ROW, "gone = now >= row.next_at + QUEUE_RETENTION", "gone = False"),
        by="forgotten",
    ),
    hole(
        "dates",
        "a message is superseded by a copy that waits for a later date",
        (ROW, "return gone or max(now, item.not_before) < row.due", "return gone"),
        by="dates",
    ),
    hole(
        "I5",
        "whom a deletion concerned is forgotten where it ends as parked, or held",
        (
            DELETIONS,
            '    return {"subjects": set(subjects)} if subjects else {}',
            "    return {}",
        ),
        by="nobody",
    ),
    hole(
        "I5",
        "holds are read once a batch, however long it takes",
        (REPEATABLE, "inv.clock.monotonic() - read_at < inv.hold_window", "True"),
        by="slow",
    ),
    hole(
        "results",
        "a refused fact is taken for one whose result another delivery publishes",
        (RECORD, " + _publish_what_stands(refused, inv)", " + refused"),
        by="a deletion twice at once, writes go astray",
    ),
)
