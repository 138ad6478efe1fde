"""psycopg2 (libpq without its pipeline mode) at work. Prints `rest` where its database may vanish."""
import select
import sys
import threading

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from psycopg2 import errors


def rest():
    print("rest", flush=True)
    sys.stdin.readline()


def rows(cursor, *args):
    cursor.execute(*args)
    return cursor.fetchall()


connection = psycopg2.connect("options='-c work_mem=6MB' application_name=psycopg2")
connection.autocommit = True
cursor = connection.cursor()

# Parameters, types, settings.
cursor.execute("create table notes (id serial primary key, body text, tags text[], doc jsonb)")
rest()
cursor.execute(
    "insert into notes (body, tags, doc) values (%s, %s, %s) returning id",
    ("it's", ["a", 'b"c'], psycopg2.extras.Json({"x": 1})),
)
assert cursor.fetchone() == (1,)
rest()
assert rows(cursor, "select body, tags, doc from notes") == [("it's", ["a", 'b"c'], {"x": 1})]
cursor.execute("set app.tenant = 't1'")
connection.set_client_encoding("LATIN1")
rest()
assert rows(cursor, "select current_setting('app.tenant'), current_setting('work_mem'), '\u00e4'") == [
    ("t1", "6MB", "\u00e4")
]
assert connection.encoding == "LATIN1"
connection.set_client_encoding("UTF8")
assert connection.get_parameter_status("client_encoding") == "UTF8"

# Transactions, savepoints, a server-side cursor.
connection.autocommit = False
cursor.execute("insert into notes (body) values ('kept')")
cursor.execute("savepoint a")
try:
    cursor.execute("select 1/0")
    raise SystemExit("no error")
except errors.DivisionByZero as error:
    assert error.pgcode == "22012"
assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INERROR
rest()
cursor.execute("rollback to a")
named = connection.cursor("walk")
named.itersize = 10
named.execute("select n from generate_series(1, 100) n")
first = [next(named) for _ in range(15)]
rest()
assert [n for (n,) in first + list(named)] == list(range(1, 101))
connection.commit()
held = connection.cursor("held", withhold=True)
held.execute("select n from generate_series(1, 6) n")
assert held.fetchmany(2) == [(1,), (2,)]
connection.commit()
rest()
assert held.fetchall() == [(3,), (4,), (5,), (6,)]
held.close()
connection.commit()

# COPY both ways.
import io

rest()
cursor.execute("create temp table copied (n int, body text)")
cursor.copy_expert(
    "copy copied from stdin", io.StringIO("".join(f"{n}\tline {n}\n" for n in range(5000)))
)
out = io.StringIO()
cursor.copy_expert("copy (select * from copied order by n) to stdout", out)
assert out.getvalue() == "".join(f"{n}\tline {n}\n" for n in range(5000))
connection.commit()
rest()
assert rows(cursor, "select count(*) from copied") == [(5000,)]
cursor.execute("drop table copied")
connection.commit()

# Notifications.
connection.autocommit = True
cursor.execute("listen news")
rest()
other = psycopg2.connect("")
other.autocommit = True
other.cursor().execute("notify news, 'hello'")
while not connection.notifies:
    ready = select.select([connection], [], [], 20)
    assert ready[0], "nothing was heard"
    connection.poll()
assert [(n.channel, n.payload) for n in connection.notifies] == [("news", "hello")]
rest()

# Cancel, as libpq does it.
failed = []


def sleep():
    try:
        connection.cursor().execute("do $$ begin raise notice 'begun'; perform pg_sleep(60); end $$")
    except errors.QueryCanceled as error:
        failed.append(error.pgcode)


thread = threading.Thread(target=sleep)
thread.start()
watcher = other.cursor()
while not rows(
    watcher,
    "select 1 from pg_stat_activity where query like 'do %%pg_sleep(60)%%' and state = 'active'"
    " and pid <> pg_backend_pid() and wait_event = 'PgSleep'",
):
    pass
connection.cancel()
thread.join()
assert failed == ["57014"]
rest()
assert rows(cursor, "select 1") == [(1,)]

# Large objects live in transactions.
connection.autocommit = False
large = connection.lobject(0, "wb")
large.write(b"x" * 300_000)
oid = large.oid
connection.commit()
rest()
assert len(connection.lobject(oid, "rb").read()) == 300_000
connection.commit()

# Two-phase commit is off, and says so; the session goes on.
try:
    cursor.execute("prepare transaction 'p'")
except psycopg2.Error as error:
    connection.rollback()
rest()
assert rows(cursor, "select 2") == [(2,)]
connection.close()
print("done")
