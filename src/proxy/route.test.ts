import { describe, expect, test } from 'vitest';
import type { Door } from '../domain/gate.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import { namesOf, type RouteRequest, readClaims, route } from './route.ts';

const door = (name: string): Door => ({
  tenant: `tn_${name.padEnd(12, '0')}` as TenantId,
  name: name as TenantName,
  sessionsMax: 1,
  backendsMax: 1,
  maxPinIdle: null,
});

/** The tenants that exist. `db` is one that nobody means. */
const DOORS = new Map(['acme', 'beta', 'db'].map((name) => [name, door(name)]));

type Given = {
  readonly sni?: string;
  readonly options?: string;
  readonly user?: string;
  readonly database?: string;
};

const request = ({ sni, ...parameters }: Given): RouteRequest => ({
  serverName: sni ?? null,
  hostNames: ['db.example.com'],
  parameters: new Map(Object.entries({ user: 'alice', ...parameters })),
});

/** In one line: tenant (? if there is none), the way, role, database, options. */
function routed(given: Given): string {
  try {
    const {
      tenant,
      by,
      door: found,
      role,
      database,
      options,
    } = route(readClaims(request(given)), DOORS);
    const rest = options === '' ? '' : ` ${options}`;
    return `${tenant}${found ? '' : '?'} by ${by}: ${role}@${database}${rest}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('each way names a tenant', () => {
  test.each<[Given, string]>([
    [{ sni: 'acme.db.example.com', database: 'x' }, 'acme by the TLS server name: alice@x'],
    [{ sni: 'ACME.DB.example.com.', database: 'x' }, 'acme by the TLS server name: alice@x'],
    [{ sni: 'acme.localhost', database: 'x' }, 'acme by the TLS server name: alice@x'],
    [{ sni: 'acme.elsewhere.net', database: 'x' }, 'acme by the TLS server name: alice@x'],
    [{ options: 'endpoint=acme', database: 'x' }, 'acme by options: alice@x'],
    [{ options: '-c endpoint=acme -c geqo=off' }, 'acme by options: alice@alice -c geqo=off'],
    [{ user: 'alice.acme', database: 'x' }, 'acme by the user: alice@x'],
    [{ user: 'a.b.acme', database: 'x' }, 'acme by the user: a.b@x'],
    [{ database: 'acme' }, 'acme by the database: alice@acme'],
    [{ user: 'acme' }, 'acme by the database: acme@acme'],
    [{ user: 'acme', database: '' }, 'acme by the database: acme@acme'],
  ])('%j: %s', (given, expected) => {
    expect(routed(given)).toBe(expected);
  });
});

describe('a database that is not given is', () => {
  test.each<[string, Given, string]>([
    ['the role', { sni: 'acme.localhost' }, 'acme by the TLS server name: alice@alice'],
    ['the tenant of the suffix', { user: 'alice.acme' }, 'acme by the user: alice@acme'],
    [
      'the tenant of the suffix also where the server name says the same',
      { sni: 'acme.localhost', user: 'alice.acme' },
      'acme by the TLS server name: alice@acme',
    ],
    [
      'no contradiction, when the role has the name of another tenant',
      { sni: 'acme.localhost', user: 'beta' },
      'acme by the TLS server name: beta@beta',
    ],
  ])('%s', (_, given, expected) => {
    expect(routed(given)).toBe(expected);
  });
});

describe('two ways', () => {
  test.each<[string, Given, string]>([
    [
      'that agree are one',
      { sni: 'acme.localhost', options: 'endpoint=acme', user: 'alice.acme', database: 'acme' },
      'acme by the TLS server name: alice@acme',
    ],
    ['that differ', { sni: 'acme.localhost', options: 'endpoint=beta' }, 'TENANT_AMBIGUOUS'],
    ['that differ', { sni: 'acme.localhost', user: 'alice.beta' }, 'TENANT_AMBIGUOUS'],
    ['that differ', { options: 'endpoint=acme', user: 'alice.beta' }, 'TENANT_AMBIGUOUS'],
    ['that differ', { options: 'endpoint=acme endpoint=beta' }, 'TENANT_AMBIGUOUS'],
    ['that differ', { sni: 'acme.localhost', options: 'endpoint=ghost' }, 'TENANT_AMBIGUOUS'],
    ['that differ', { sni: 'ghost.localhost', options: 'endpoint=acme' }, 'TENANT_AMBIGUOUS'],
    ['that differ, by database', { sni: 'acme.localhost', database: 'beta' }, 'TENANT_AMBIGUOUS'],
    ['that differ, by database', { user: 'alice.acme', database: 'beta' }, 'TENANT_AMBIGUOUS'],
    [
      'where a role only looks like one',
      { sni: 'acme.localhost', user: 'alice.ghost', database: 'x' },
      'acme by the TLS server name: alice.ghost@x',
    ],
    [
      'where a host only looks like one',
      { sni: 'pg.provider.net', options: 'endpoint=acme', database: 'x' },
      'acme by options: alice@x',
    ],
    [
      'where a host only looks like one',
      { sni: 'pg.provider.net', database: 'acme' },
      'acme by the database: alice@acme',
    ],
  ])('%s: %j', (_, given, expected) => {
    expect(routed(given)).toBe(expected);
  });

  test('that differ are both named, with how', () => {
    const claims = readClaims(request({ sni: 'acme.localhost', user: 'alice.beta' }));
    expect(() => route(claims, DOORS)).toThrow(
      'the connection names two tenants: "acme" by the TLS server name and "beta" by the user; ' +
        'name the same one, or only one',
    );
  });
});

describe('a server name that says nothing of a tenant', () => {
  test.each(['localhost', '127.0.0.1', '::1', 'db.example.com', 'DB.example.com.', 'intranet', ''])(
    'is "%s"',
    (sni) => {
      expect(routed({ sni, database: 'acme' })).toBe('acme by the database: alice@acme');
    },
  );
});

describe('a tenant that does not exist is a route all the same', () => {
  test.each<[Given, string]>([
    [{ sni: 'ghost.localhost' }, 'ghost? by the TLS server name: alice@alice'],
    [
      { sni: 'pg.provider.net', database: 'postgres' },
      'pg? by the TLS server name: alice@postgres',
    ],
    [{ options: 'endpoint=ghost' }, 'ghost? by options: alice@alice'],
    [{ options: 'endpoint=No!', database: 'acme' }, 'TENANT_AMBIGUOUS'],
    [{ options: 'endpoint=No!', database: 'x' }, 'No!? by options: alice@x'],
    [{ user: 'alice.ghost' }, 'ghost? by the user: alice@ghost'],
    [{ user: 'alice.ghost', database: 'postgres' }, 'ghost? by the user: alice@postgres'],
    [{ user: 'alice.ghost', database: 'acme' }, 'acme by the database: alice.ghost@acme'],
    [{ database: 'ghost' }, 'ghost? by the database: alice@ghost'],
  ])('%j: %s', (given, expected) => {
    expect(routed(given)).toBe(expected);
  });
});

test.each<[Given]>([
  [{ database: 'postgres' }],
  [{ database: 'template1' }],
  [{ database: 'My Database' }],
  [{ user: 'dynabase_ticket_1' }],
  [{ user: '.acme', database: 'postgres' }],
  [{ user: 'postgres', sni: 'localhost' }],
])('nothing names a tenant in %j', (given) => {
  expect(routed(given)).toBe('TENANT_UNNAMED');
});

test('a startup packet without a user is refused', () => {
  const empty = { ...request({}), parameters: new Map([['user', '']]) };
  expect(() => readClaims(empty)).toThrow('names no user');
});

test('as many names are looked up whether they exist or not, and none that cannot', () => {
  const names = (given: Given): string[] => namesOf(readClaims(request(given)));
  expect(names({ sni: 'a.localhost', options: 'endpoint=b', user: 'r.c', database: 'd' })).toEqual([
    ...['a', 'b', 'c', 'd'],
  ]);
  expect(names({ options: 'endpoint=No!', user: 'r.pg_x', database: 'postgres' })).toEqual([]);
});
