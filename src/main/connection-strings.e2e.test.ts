/** The connection strings that are told, executed by the clients that they are for. */
import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';
import { promisify } from 'node:util';
import { neon, neonConfig } from '@neondatabase/serverless';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionStrings } from '../sdk/index.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

const run = promisify(execFile);

const ROLE = `o'd"d \\role@ho/me;%?#ü`;

const PSQL = '/usr/bin/psql';

const hasPsql = (): boolean => {
  try {
    accessSync(PSQL);
    return true;
  } catch {
    return false;
  }
};

let server: RealServer;
let password: string;

beforeAll(async () => {
  server = await realServer();
  await server.client.tenants.create({ name: 'led' });
  await server.client.inside.createDatabase('led', 'led.Odd db');
  const made = await server.client.inside.createRole('led', { name: ROLE, access: 'owner' });
  password = made.password ?? '';
}, 120_000);

afterAll(() => server[Symbol.asyncDispose]());

const strings = (database: string, pooled: boolean): Promise<ConnectionStrings> =>
  server.client.inside.connectionStrings('led', { role: ROLE, database, pooled });

const textOf = ({ forms, placeholder }: ConnectionStrings, kind: string): string =>
  (forms.find((form) => form.kind === kind)?.text ?? '').replace(placeholder, password);

const uriIn = (text: string): string =>
  JSON.parse(/"postgresql(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? '""');

const ASKED = 'select current_user || current_database() as who';

describe.each([
  ['led', false],
  ['led', true],
  ['led.Odd db', false],
  ['led.Odd db', true],
])('database %s, pooled %s', (database, pooled) => {
  const who = `${ROLE}${database}`;

  test.skipIf(!hasPsql()).each(['psql', 'libpq', 'environment'])(
    'psql connects by the form %s',
    async (kind) => {
      const text = textOf(await strings(database, pooled), kind);
      const command = {
        psql: `${text} -Atc "$ASKED"`,
        libpq: 'psql "$TEXT" -Atc "$ASKED"',
        environment: `${text}\npsql -Atc "$ASKED"`,
      }[kind];
      const env = { PATH: '/usr/bin:/bin', ASKED, TEXT: text };
      const { stdout } = await run('/bin/sh', ['-c', command ?? 'false'], { env });
      expect(stdout.trim()).toBe(who);
    },
  );

  test.each(['node-postgres', 'kysely', 'drizzle'])('pg connects by the form %s', async (kind) => {
    const uri = uriIn(textOf(await strings(database, pooled), kind));
    const client = new pg.Client({ connectionString: uri });
    await client.connect();
    try {
      expect((await client.query(ASKED)).rows).toEqual([{ who }]);
    } finally {
      await client.end();
    }
  });

  test('postgres.js connects by the options it is told', async () => {
    const text = textOf(await strings(database, pooled), 'postgres.js');
    const options: Parameters<typeof postgres>[0] = JSON.parse(
      /\{\n[\s\S]*\}/.exec(text)?.[0] ?? '',
    );
    const sql = postgres(options);
    try {
      expect([...(await sql.unsafe(ASKED))]).toEqual([{ who }]);
    } finally {
      await sql.end();
    }
  });

  test('the serverless driver asks over HTTP', async () => {
    const text = textOf(await strings(database, pooled), 'neon-http');
    const endpoint = /"(https?:[^"]*)"/.exec(text)?.[1] ?? '';
    neonConfig.fetchEndpoint = () => endpoint;
    expect(await neon(uriIn(text)).query(ASKED)).toEqual([{ who }]);
  });
});
