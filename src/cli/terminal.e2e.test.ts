import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { titled } from '../testing/installed.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';
import { hasTerminal, inTerminal } from '../testing/terminal.ts';

let server: RealServer;
let home: string;

const isThere = hasTerminal();

beforeAll(async () => {
  server = await realServer();
  home = await mkdtemp(join(tmpdir(), 'dynabase-home-'));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const terminal = (args: readonly string[], columns = 80) =>
  inTerminal(args, { dataDir: server.dataDir, columns, lines: 24, env: { HOME: home } });

describe.runIf(isThere)(titled('in a terminal', isThere, 'util-linux'), () => {
  test('a person works at the prompt, and finds his statements again', async () => {
    await server.client.tenants.create({ name: 'acme' });
    {
      await using screen = terminal(['sql', 'acme']);
      await screen.shows('acme was asleep; it woke in ');
      await screen.shows('acme=> ');
      screen.type('create table ledger (id int, note text);\n');
      await screen.shows('CREATE TABLE');
      screen.type("insert into ledger\nvalues (1, repeat('long ', 40)), (2, null);\n");
      await screen.shows('INSERT 0 2');
      screen.type('select * from led\t');
      await screen.shows('ger');
      screen.type(';\n');
      await screen.shows('…');
      await screen.shows('NULL');
      await screen.shows('(2 rows)');
      screen.type('select pg_sleep(600);\n');
      await screen.shows('600);');
      // What runs can be cancelled once it runs; before, the line itself is taken back.
      await eventually('the statement runs', () => runs('pg_sleep'));
      screen.type('\u0003');
      await screen.shows('canceling statement due to user request');
      await screen.shows('acme=> ');
      screen.type('\u0004');
      expect(await screen.ended).toBe(0);
      for (const line of screen.text().split('\r\n')) {
        if (line.includes('long long'))
          expect(line.length).toBeLessThanOrEqual(80 + 'acme=> '.length);
      }
    }
    const file = join(home, '.local/state/dynabase/sql_history');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain(
      "insert into ledger values (1, repeat('long ', 40)), (2, null);\n",
    );
    await using again = terminal(['sql', 'acme']);
    await again.shows('acme=> ');
    again.type('\u001b[A');
    await again.shows('select pg_sleep(600);');
    again.type('\u0003\\q\n');
    expect(await again.ended).toBe(0);
  });

  test('a statement says that its tenant had gone to sleep', async () => {
    await server.client.tenants.create({ name: 'sleepy' });
    await using screen = terminal(['sql', 'sleepy']);
    await screen.shows('it woke in ');
    await screen.shows('sleepy=> ');
    await server.client.tenants.suspend('sleepy');
    await eventually('it sleeps longer than what is taken for awake without asking', async () => {
      const { stateSince } = await server.client.tenants.get('sleepy');
      return Date.now() - Date.parse(stateSince) > 1_500;
    });
    screen.type('select 40 + 2 as answer;\n');
    await screen.shows('sleepy was asleep; it woke in ');
    await screen.shows('42');
    screen.type('\\q\n');
    expect(await screen.ended).toBe(0);
  });

  test('top shows who is awake, and leaves the screen as it was', async () => {
    await server.client.tenants.create({ name: 'topmost' });
    await server.client.tenants.wake('topmost');
    await using screen = terminal(['top', '--every', '500ms'], 100);
    await screen.shows('NAME');
    await screen.shows('topmost');
    await screen.shows('running');
    await server.client.tenants.suspend('topmost');
    screen.type('a');
    await screen.shows('topmost');
    await screen.shows('suspended');
    screen.type('q');
    expect(await screen.ended).toBe(0);
    expect(screen.raw()).toContain('\u001b[?1049h');
    expect(screen.raw().trimEnd().endsWith('\u001b[?1049l')).toBe(true);
  });
});

/** Whether a statement of acme runs, as PostgreSQL itself says. */
async function runs(what: string): Promise<boolean> {
  const client = new pg.Client((await server.client.tenants.ticket('acme')).connectionUri);
  await client.connect();
  try {
    const asked = 'select from pg_stat_activity where state = $1 and query like $2';
    return (await client.query(asked, ['active', `select ${what}%`])).rowCount === 1;
  } finally {
    await client.end();
  }
}
