"""What must hold of the data, whatever was broken while it was written.

`check_invariants` compares the clients' book with the database and reports
each difference as a violation of the run.
"""

EVENTS = ("select id, organization_id, coalesce(dedup_id, ''), "
          "digest(payload) from events")
QUEUE = ("select id, organization_id, coalesce(dedup_id, ''), "
         "digest(payload), status from event_queue")

# Each must give no rows. Names what is wrong with the rows that it gives.
NO_ROWS = {
    "id twice in events":
        "select id from events group by id having count(*) > 1",
    "id in events and in event_queue":
        "select e.id from events e join event_queue q on q.id = e.id",
    "id in events and in discarded":
        "select e.id from events e join discarded d on d.id = e.id",
    "two events for one dedup_id":
        "select dedup_id, count(*) from (select id, organization_id, dedup_id"
        " from events union all select id, organization_id, dedup_id from"
        " event_queue) a where dedup_id is not null"
        " group by organization_id, dedup_id having count(*) > 1",
    "event without exactly one delivery for an inbox":
        "select e.id, p.id, coalesce(d.n, 0) from events e join endpoints p"
        " on p.organization_id = e.organization_id left join (select event_id,"
        " endpoint_id, count(*) as n from event_deliveries group by event_id,"
        " endpoint_id) d on d.event_id = e.id and d.endpoint_id = p.id"
        " where p.kind = 'pull' and coalesce(d.n, 0) <> 1",
    # What a webhook gets depends on its types, and on when it was made.
    "event with several deliveries for one endpoint":
        "select event_id, endpoint_id from event_deliveries"
        " group by event_id, endpoint_id having count(*) > 1",
    "webhook's delivery that nobody will ever send":
        "select d.id from event_deliveries d join endpoints p on"
        " p.id = d.endpoint_id where p.kind = 'push' and d.status in"
        " ('pending', 'failed') and d.next_attempt_at is null",
    "inbox's delivery that is due":
        "select d.id from event_deliveries d join endpoints p on"
        " p.id = d.endpoint_id where p.kind = 'pull' and"
        " d.next_attempt_at is not null",
    "delivery without its event or endpoint":
        "select d.id from event_deliveries d left join events e on"
        " e.id = d.event_id and e.organization_id = d.organization_id"
        " left join endpoints p on p.id = d.endpoint_id and"
        " p.organization_id = d.organization_id"
        " where e.id is null or p.id is null",
    "dedup key of an event that is nowhere":
        # Neither store has an index of the events by id alone: PostgreSQL
        # would compare all with all for NOT IN, SQLite for NOT EXISTS.
        "select k.dedup_id, k.event_id from dedup_keys k left join"
        " (select id from events union all select id from event_queue"
        " union all select id from discarded) a on a.id = k.event_id"
        " where a.id is null",
    "event whose dedup_id has no key, or another's":
        "select e.id, k.event_id from events e left join dedup_keys k on"
        " k.organization_id = e.organization_id and k.scope = 'event' and"
        " k.dedup_id = e.dedup_id where e.dedup_id is not null and"
        " (k.event_id is null or k.event_id <> e.id)",
    "books out of balance (in, waiting, stored, discarded, written off)":
        "select o.id, {came_in}, {waiting}, {stored}, {discarded},"
        " {written_off} from organizations o where {came_in} <> {waiting} +"
        " {stored} + {discarded} + {written_off}",
    # An opening balance and what a repair adopted may be in any place.
    "ledger's stored and created are not the log":
        "select o.id, {ledger_stored}, {stored} from organizations o"
        " where {ledger_stored} <> {stored} and o.id not in (select"
        " l.organization_id from ledger l where l.kind in"
        " ('opening', 'adopted', 'written_off', 'undoubled'))",
}


def _in_ledger(*kinds):
    names = ", ".join(f"'{kind}'" for kind in kinds)
    return ("(select coalesce(sum(l.count), 0) from ledger l where"
            f" l.organization_id = o.id and l.kind in ({names}))")


PARTS = {
    "came_in": _in_ledger("accepted", "created", "opening", "adopted"),
    "written_off": _in_ledger("written_off"),
    "ledger_stored": _in_ledger("stored", "created"),
    "waiting": "(select count(*) from event_queue q where"
               " q.organization_id = o.id)",
    "stored": "(select count(*) from events e where"
              " e.organization_id = o.id)",
    "discarded": "(select count(*) from discarded d where"
                 " d.organization_id = o.id)",
}


def check_tables(run, store):
    """Checks what can be told without the clients' book."""
    store.settle()
    for fault in store.integrity():
        run.violation(f"the database file is damaged: {fault}")
    for what, sql in NO_ROWS.items():
        found = store.rows(sql.format(**PARTS) + " limit 1000")
        if found:
            run.violation(f"{what}: {len(found)}, first {found[:3]}")


def check_invariants(run, store, book, drained=True, unique_payloads=True):
    """Checks everything; with `drained`, also that nothing waits.

    `unique_payloads`: no two events were sent with the same payload, so that
    two with one are one that was doubled. With SQLite, only while the service
    is down.
    """
    check_tables(run, store)
    stored = store.rows(EVENTS)
    waiting = store.rows(QUEUE)
    run.figures["events"] = len(stored)
    run.figures["left in the queue"] = len(waiting)
    if drained:
        stuck = [row for row in waiting if row[4] != "quarantined"]
        run.check(not stuck, f"{len(stuck)} items wait, first {stuck[:3]}")
    rows = [row[:4] for row in stored + waiting]
    ids_of = {}
    for row in rows:
        ids_of.setdefault(row[3], []).append(row[0])
    if unique_payloads:
        doubled = [pair for pair in ids_of.items() if len(pair[1]) > 1]
        run.check(not doubled, f"DOUBLED: {len(doubled)} events are stored"
                  f" under several ids, first {doubled[:3]}")
    _check_acknowledged(run, rows, book)
    _check_rest(run, ids_of, book)


def _check_acknowledged(run, rows, book):
    by_id = {row[0]: row for row in rows}
    lost = [i for i in book.acknowledged if i not in by_id]
    run.check(not lost, f"LOST: {len(lost)} acknowledged events are nowhere,"
              f" first {lost[:3]}")
    for identity, event in book.acknowledged.items():
        row = by_id.get(identity)
        if row:
            _check_event(run, row, event)


def _check_event(run, row, event):
    expected = [row[0], event.organization.id,
                event.name if event.scope == "event" else "", event.digest]
    if row != expected:
        run.violation(f"{event.name} was stored as {row}, not {expected}")


def _check_rest(run, ids_of, book):
    """Every stored payload is one that a client sent."""
    known = set(book.ids) | set(book.unknown) | set(book.refused)
    foreign = [ids for d, ids in ids_of.items() if d not in known]
    run.check(not foreign, f"{len(foreign)} stored payloads were never sent,"
              f" first {foreign[:3]}")
    run.figures["in doubt, found stored"] = sum(
        1 for d in book.unknown if d in ids_of)
    ghosts = [event for d, event in book.refused.items() if d in ids_of]
    run.figures["refused, yet stored"] = len(ghosts)
    run.check(not ghosts, f"{len(ghosts)} events are stored though their"
              " refusal did not leave that open, told: "
              f"{sorted({event.told for event in ghosts})}")
