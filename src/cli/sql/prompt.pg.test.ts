import { describe, expect, test } from 'vitest';
import type { FakeWorldOptions } from '../../testing/fake-world.ts';
import { sqlDesk } from '../../testing/sql-desk.ts';

const desk = sqlDesk();

describe('the prompt', () => {
  const HISTORY = '/home/me/.local/state/dynabase/sql_history';

  const prompt = (files: Readonly<Record<string, string>> = {}, options: FakeWorldOptions = {}) =>
    desk.start([], { tty: true, env: { NO_COLOR: '1' }, ...options }, files);

  test('takes statements of several lines, shows where one is, and ends at Ctrl-D', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select 1 as a,\n');
    await world.stdout.shows('acme-> ');
    world.type("'x\n");
    await world.stdout.shows("acme'> ");
    world.type("y' as b;\n");
    await world.stdout.shows(' a | b\n---+---\n 1 | x+\n   | y\n(1 row)\n');
    await world.stdout.shows('acme=> ');
    world.type('begin;\n');
    await world.stdout.shows('BEGIN\n');
    await world.stdout.shows('acme=*> ');
    world.type('nonsense;\n');
    await world.stderr.shows('error: syntax error at or near "nonsense" [42601]');
    await world.stdout.shows('acme=!> ');
    world.type(null);
    expect(await ended).toBe(0);
  });

  test('keeps a history that only its owner may read', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select 1;\n');
    await world.stdout.shows('(1 row)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
    expect(world.files.get(HISTORY)).toBe('select 1;\n\\q\n');
  });

  test('the history has statements, not lines, and no secrets', async () => {
    const { world, ended } = prompt({ [HISTORY]: 'select 0;\n' });
    await world.stdout.shows('acme=> ');
    world.type("select 1 as a,\n2 as b;\ncreate role r password\n'hush';\nselect 'x\ny';\n\\q\n");
    expect(await ended).toBe(0);
    const kept = "select 0;\nselect 1 as a, 2 as b;\nselect 'x\ny';\n\\q\n";
    expect(world.files.get(HISTORY)).toBe(kept);
    await desk.postgres.sql('drop role r');
  });

  test('the arrow brings a statement of several lines back as one', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select 41\n+ 1 as answer;\n');
    await world.stdout.shows('(1 row)');
    world.type('\u001b[A');
    await world.stdout.shows('select 41 + 1 as answer;');
    world.type('\n');
    await world.stdout.shows('answer');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('TAB completes words, and names of the tenant as they are now', async () => {
    await desk.postgres.sql('create table customers (email text, "Odd Name" int)');
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('SELECT * from custo\t');
    await world.stdout.shows('mers');
    world.type(';\n');
    await world.stdout.shows('(0 rows)');
    world.type('create table zebra ();\n');
    await world.stdout.shows('CREATE TABLE');
    world.type('table zeb\t');
    await world.stdout.shows('ra');
    world.type(';\n');
    await world.stdout.shows('(0 rows)');
    world.type('select "Od\t');
    await world.stdout.shows('d Name"');
    world.type(' from customers;\n');
    await world.stdout.shows('(0 rows)');
    world.type('\\tim\t');
    await world.stdout.shows('ing');
    world.type('\n');
    await world.stderr.shows('times are shown');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('runs files, writes results to files, and goes to another tenant', async () => {
    await desk.control.createTenant({ name: 'globex' });
    const { world, ended } = prompt({ 'two.sql': 'select 1 as one;\nselect 2\nas two' });
    await world.stdout.shows('acme=> ');
    world.type('\\i two.sql\n');
    await world.stdout.shows('one');
    await world.stdout.shows('two');
    world.type('\\o out.txt\nselect 3 as three;\n\\o\nselect 4 as four;\n');
    await world.stdout.shows('four\n');
    expect(world.files.get('out.txt')).toBe(' three\n-------\n     3\n(1 row)\n');
    world.type('\\c globex\n');
    await world.stdout.shows('globex=> ');
    world.type('\\i nowhere.sql\n');
    await world.stderr.shows('error: there is no file nowhere.sql');
    desk.control.failNext('TENANT_UNKNOWN', { tenant: 'nobody' });
    world.type('\\c nobody\n');
    await world.stderr.shows('error: there is no tenant "nobody"');
    world.type('select 5 as five;\n');
    await world.stdout.shows('five\n');
    await world.stdout.shows('globex=> ');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('an editor gets the last statement, and what it leaves is run', async () => {
    const given: string[] = [];
    const edit = (text: string) => {
      given.push(text);
      return 'select 6 as six;\nselect 7 as seven';
    };
    const { world, ended } = prompt({}, { edit });
    await world.stdout.shows('acme=> ');
    world.type('select 5;\n\\e\n');
    await world.stdout.shows('six');
    await world.stdout.shows('seven');
    world.type('\\q\n');
    expect(await ended).toBe(0);
    expect(given).toEqual(['select 5;\n']);
  });

  test('says that a statement had to wake the tenant, and not where it had not', async () => {
    const { world, ended } = prompt();
    await world.stderr.shows('acme was asleep; it woke in ');
    await desk.control.wakeTenant('acme');
    await world.stdout.shows('acme=> ');
    world.type('select 1;\n');
    await world.stdout.shows('(1 row)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
    expect(world.stderr.text().match(/was asleep/g)).toHaveLength(1);
  });

  test('describes a table with all that hangs on it', async () => {
    await desk.postgres.sql(`create table parent (id int primary key, twice int generated always as (id * 2) stored);
      create table child (parent int references parent);
      create view seen as select id from parent`);
    const described = await desk.sql([], { stdin: '\\d parent\n\\d seen\n\\dt ch*\n' });
    expect(described.err).toBe('');
    expect(described.out).toContain('generated as ((id * 2))');
    expect(described.out).toContain('Indexes of parent');
    expect(described.out).toContain('child_parent_fkey');
    expect(described.out).toContain('Definition of seen');
    expect(described.out).toContain('(1 row)');
  });

  test('Ctrl-C takes back what was typed', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select (\n');
    await world.stdout.shows('acme(> ');
    world.type('half a line\u0003');
    await world.stdout.shows('acme=> ');
    world.type('select 5 as five;\n');
    await world.stdout.shows('five');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('Ctrl-C cancels what runs, and lines typed meanwhile come after', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select pg_sleep(600);\nselect 7 as seven;\n');
    await desk.postgres.sqlUntilRows(
      "select 1 from pg_stat_activity where query like 'select pg_sleep%' and wait_event = 'PgSleep'",
    );
    world.type('\u0003');
    await world.stderr.shows('error: canceling statement due to user request [57014]');
    await world.stdout.shows('seven');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('a lost connection is told, and made anew for the next statement', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    await desk.postgres.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dynabase sql'",
    );
    await desk.postgres.sqlUntilRows(
      "select 1 where not exists (select from pg_stat_activity where application_name = 'dynabase sql')",
    );
    world.type('select 1 as lost;\n');
    await world.stderr.shows('the connection was lost; connecting again');
    await world.stdout.shows('(1 row)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('changes how rows are shown', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('\\x\nselect 1 as a;\n\\timing\nselect 2;\n\\nothing\n\\?\n');
    await world.stdout.shows('-[ RECORD 1 ]');
    await world.stderr.shows('time: ');
    await world.stderr.shows('there is no command \\nothing');
    await world.stdout.shows('quit (as Ctrl-D does)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });
});
