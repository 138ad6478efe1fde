import { describe, expect, test } from 'vitest';
import { type Connecting, connectionForms, PASSWORD_PLACE } from './connection-strings.ts';
import { userOf } from './connection-uri.ts';

const PLAIN: Connecting = {
  ...{ proxy: { host: 'db.example', port: 6432 }, user: 'acme', database: 'acme' },
  ...{ pooled: false, requireTls: false },
};

const ODD: Connecting = {
  ...{ proxy: { host: '::1', port: 6432 }, user: `o'd"d \\role@ho/me;%?#ü`, database: 'a b.C' },
  ...{ pooled: true, requireTls: true },
};

const textOf = (to: Connecting, kind: string): string => {
  const found = connectionForms(to).find((form) => form.kind === kind);
  if (found === undefined) throw new Error(`there is no form ${kind}`);
  return found.text;
};

/** The one string of a program's text that is a URI. */
const uriIn = (text: string): URL => {
  const literal = /"(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? '""';
  return new URL(JSON.parse(literal));
};

test('every form has a kind of its own, and none a password', () => {
  const forms = connectionForms(PLAIN);
  expect(new Set(forms.map(({ kind }) => kind)).size).toBe(forms.length);
  const silent = forms.filter(({ text }) => !text.includes(PASSWORD_PLACE)).map(({ kind }) => kind);
  expect(silent).toEqual(['prisma-schema']);
});

test.each([
  ['uri', 'postgresql://acme:YOUR_PASSWORD@db.example:6432/acme'],
  ['psql', 'psql postgresql://acme:YOUR_PASSWORD@db.example:6432/acme'],
  ['libpq', 'host=db.example port=6432 user=acme password=YOUR_PASSWORD dbname=acme'],
  ['jdbc', 'jdbc:postgresql://db.example:6432/acme?user=acme&password=YOUR_PASSWORD'],
  ['npgsql', 'Host=db.example;Port=6432;Username=acme;Password=YOUR_PASSWORD;Database=acme'],
  [
    'php',
    "$db = new PDO('pgsql:host=db.example;port=6432;dbname=acme', 'acme', 'YOUR_PASSWORD');\n",
  ],
])('%s, where nothing needs quotes', (kind, text) => {
  expect(textOf(PLAIN, kind)).toBe(text);
});

describe('names that need quotes', () => {
  test.each([
    ...['node-postgres', 'psycopg', 'sqlalchemy', 'pgx', 'sqlx', 'prisma-env'],
    ...['drizzle', 'kysely'],
  ])('%s has a URI that says them', (kind) => {
    const uri = uriIn(textOf(ODD, kind));
    expect(decodeURIComponent(uri.username)).toBe(ODD.user);
    expect(decodeURIComponent(uri.pathname.slice(1))).toBe(ODD.database);
    expect([uri.hostname, uri.port]).toEqual(['[::1]', '6432']);
    expect(uri.searchParams.get('options')).toBe('-c dynabase.pool=transaction');
    expect(uri.searchParams.get('sslmode')).toMatch(/^(require|no-verify)$/);
  });

  test('JDBC has them behind the question mark', () => {
    const uri = new URL(textOf(ODD, 'jdbc').replace(/^jdbc:/, ''));
    expect(uri.searchParams.get('user')).toBe(ODD.user);
    expect(decodeURIComponent(uri.pathname.slice(1))).toBe(ODD.database);
  });

  test('keywords are quoted as libpq, .NET and PHP each have it', () => {
    expect(textOf(ODD, 'libpq')).toContain(`user='o\\'d"d \\\\role@ho/me;%?#ü'`);
    expect(textOf(ODD, 'npgsql')).toContain(`Username="o'd""d \\role@ho/me;%?#ü";`);
    expect(textOf(ODD, 'php')).toContain(`'o\\'d"d \\\\role@ho/me;%?#ü'`);
  });

  test('the serverless driver is led to this server, encrypted', () => {
    expect(textOf(ODD, 'neon-http')).toContain('"https://[::1]:6432/sql"');
    const local = { ...PLAIN, proxy: { host: 'localhost', port: 6432 } };
    expect(textOf(local, 'neon-http')).toContain('"http://localhost:6432/sql"');
    expect(textOf(local, 'neon-websocket')).toContain('useSecureWebSocket = false');
  });
});

test('the user names the tenant where the database does not', () => {
  expect(userOf({ role: 'alice', database: 'acme', tenant: 'acme' })).toBe('alice');
  expect(userOf({ role: 'alice', database: 'Reports', tenant: 'acme' })).toBe('alice.acme');
});
