"""psycopg 3 (libpq with its pipeline mode) at work. Prints `rest` where its database may vanish."""
import logging
import sys

import psycopg
from psycopg.rows import dict_row


def rest():
    print("rest", flush=True)
    sys.stdin.readline()


connection = psycopg.connect("", autocommit=True, prepare_threshold=1)
connection.execute("create table items (id int primary key, body text)")

# Prepared on the server by itself, after the first use.
for n in range(6):
    rest()
    connection.execute("insert into items values (%s, %s)", (n, f"item {n}"))
rest()
assert connection.execute("select count(*) from pg_prepared_statements").fetchone()[0] >= 1
assert connection.execute("select body from items where id = %s", (3,)).fetchone() == ("item 3",)

# It warns of a pipeline that it finds broken when it ends it, which depends on when the error has come.
logging.getLogger("psycopg").setLevel(logging.ERROR)

# Pipeline mode: one write, many answers; an error takes the rest of its batch along.
for _ in range(3):
    rest()
    with connection.pipeline():
        cursors = [connection.execute("select %s::int * 2", (n,)) for n in range(200)]
    assert [c.fetchone()[0] for c in cursors] == [n * 2 for n in range(200)]
rest()
try:
    with connection.pipeline() as pipeline:
        connection.execute("insert into items values (100, 'a')")
        pipeline.sync()
        connection.execute("insert into items values (100, 'again')")
        connection.execute("insert into items values (101, 'skipped')")
    raise SystemExit("no error")
except psycopg.errors.UniqueViolation as error:
    assert error.diag.constraint_name == "items_pkey"
rest()
assert connection.execute("select id from items where id >= 100").fetchall() == [(100,)]

# Transactions, nested.
with connection.transaction():
    connection.execute("update items set body = 'outer' where id = 0")
    rest()
    try:
        with connection.transaction():
            connection.execute("update items set body = 'inner' where id = 0")
            raise RuntimeError("back")
    except RuntimeError:
        pass
rest()
assert connection.execute("select body from items where id = 0").fetchone() == ("outer",)

# Server-side cursors, binary results, rows as dicts.
with connection.transaction():
    with connection.cursor("walk") as walk:
        walk.itersize = 7
        walk.execute("select n from generate_series(1, 50) n")
        assert [n for (n,) in walk] == list(range(1, 51))
rest()
with connection.cursor(row_factory=dict_row, binary=True) as cursor:
    cursor.execute("select id, '2026-01-02'::date as day, 1.5::numeric as x from items where id = 1")
    row = cursor.fetchone()
    assert (row["id"], str(row["day"]), str(row["x"])) == (1, "2026-01-02", "1.5")

# COPY by rows and by blocks, text and binary.
rest()
with connection.cursor() as cursor:
    with cursor.copy("copy items from stdin (format binary)") as copy:
        copy.set_types(["int4", "text"])
        for n in range(1000, 4000):
            copy.write_row((n, f"row {n}"))
rest()
with connection.cursor() as cursor:
    with cursor.copy("copy (select id, body from items where id >= 1000 order by id) to stdout") as copy:
        found = [row for row in copy.rows()]
assert len(found) == 3000 and found[-1] == ("3999", "row 3999")
try:
    with connection.cursor() as cursor:
        with cursor.copy("copy items from stdin") as copy:
            copy.write("1\tduplicate\n")
    raise SystemExit("no error")
except psycopg.errors.UniqueViolation:
    pass
rest()

# Notifications, with the notices of a block.
heard = []
notices = []
connection.add_notify_handler(lambda n: heard.append((n.channel, n.payload)))
connection.add_notice_handler(lambda n: notices.append(n.message_primary))
connection.execute("listen news")
rest()
with psycopg.connect("", autocommit=True) as other:
    for n in range(5):
        rest()
        other.execute("select pg_notify('news', %s)", (str(n),))
connection.execute("do $$ begin raise notice 'noted'; end $$")
assert heard == [("news", str(n)) for n in range(5)], heard
assert notices == ["noted"], notices

# Many sessions, each with its own setting, taking turns.
sessions = [psycopg.connect("", autocommit=True) for _ in range(6)]
for number, session in enumerate(sessions):
    session.execute("select set_config('app.number', %s, false)", (str(number),))
for _ in range(2):
    rest()
    for number, session in enumerate(sessions):
        assert session.execute("select current_setting('app.number')").fetchone() == (str(number),)
for session in sessions:
    session.close()
connection.close()
print("done")
