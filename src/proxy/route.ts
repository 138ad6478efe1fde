/**
 * Which tenant does a connection mean? Four ways to say it, in order of weight:
 *
 *   1. the first label of the TLS server name      acme.db.example.com
 *   2. an option                                   options=endpoint=acme
 *   3. the suffix of the user                      alice.acme
 *   4. the database                                acme
 *
 * The first three are said on purpose: two of them that differ are an error. A database is only a
 * database once one of these has spoken, since a tenant may have several; but one that has the
 * name of *another* tenant is taken for a contradiction. Some forms name a tenant only if it
 * exists: a role may have a dot in it, and a server may be reached by a name that says nothing of
 * tenants.
 *
 * A tenant that does not exist is a route as any other: the login fails later, as with a wrong
 * password. Contradictions are told at once, although they may depend on what exists; whoever
 * hears one pays for it as for a failed login (`throttle.ts`), so names cannot be tried in bulk.
 */
import { fault } from '../domain/faults.ts';
import type { Door } from '../domain/gate.ts';
import { isReservedName, isTenantName, type TenantName } from '../domain/ids.ts';
import { readStartupOptions } from './startup-options.ts';

export type Way = 'the TLS server name' | 'options' | 'the user' | 'the database';

export type RouteRequest = {
  readonly serverName: string | null;
  /** Names this server itself is reached by; `NAME.` before one of them names a tenant. */
  readonly hostNames: readonly string[];
  readonly parameters: ReadonlyMap<string, string>;
};

/** A tenant that the client may mean. */
export type Claim = {
  readonly name: string;
  readonly by: Way;
  /** It names a tenant only if one of this name exists. */
  readonly onlyIfExists: boolean;
};

/** All that a startup packet says about whom it is for. */
export type Claims = {
  readonly claims: readonly Claim[];
  readonly user: string;
  /** As given; undefined if it was not. */
  readonly database: string | undefined;
  /** Without our own; empty if nothing is left. */
  readonly options: string;
};

export type Route = {
  readonly tenant: string;
  readonly by: Way;
  /** Undefined if there is no such tenant: the login is to fail as with a wrong password. */
  readonly door: Door | undefined;
  /** What PostgreSQL is told. */
  readonly role: string;
  readonly database: string;
  readonly options: string;
};

/** What the startup packet says. Throws `PROTOCOL_VIOLATION` without a user. */
export function readClaims(request: RouteRequest): Claims {
  const user = request.parameters.get('user') ?? '';
  if (user === '') throw fault('PROTOCOL_VIOLATION', { found: 'the startup packet names no user' });
  const database = request.parameters.get('database') || undefined;
  const options = readStartupOptions(request.parameters.get('options') ?? '');
  const claims = [
    ...serverNameClaims(request),
    ...options.tenants.map((name) => ({ name, by: 'options', onlyIfExists: false }) as const),
    ...userClaims(user),
    ...databaseClaims(database ?? user),
  ];
  return { claims, user, database, options: options.rest };
}

/** The names worth looking up, each once. */
export function namesOf(claims: Claims): TenantName[] {
  const names = claims.claims.map((claim) => claim.name);
  return [...new Set(names)].filter(mayBeTenant);
}

/**
 * Where the connection goes, when `doors` holds those of `namesOf` that exist.
 * Throws `TENANT_AMBIGUOUS` or `TENANT_UNNAMED`.
 */
export function route(claims: Claims, doors: ReadonlyMap<string, Door>): Route {
  const standing = claims.claims.filter((c) => !c.onlyIfExists || doors.has(c.name));
  const onPurpose = standing.filter((c) => c.by !== 'the database');
  const [first, ...others] = onPurpose;
  const database = standing.find((c) => c.by === 'the database');
  if (first !== undefined && database !== undefined && claims.database !== undefined) {
    if (doors.has(database.name)) others.push(database);
  }
  const other = others.find((c) => c.name !== first?.name);
  if (first !== undefined && other !== undefined) {
    throw fault('TENANT_AMBIGUOUS', {
      one: first.name,
      oneBy: first.by,
      other: other.name,
      otherBy: other.by,
    });
  }
  // With nothing better, a name that would have had to exist is what the client meant.
  const meant = first ?? database ?? claims.claims[0];
  if (meant === undefined) throw fault('TENANT_UNNAMED', {});
  return { ...meaning(claims, meant), door: doors.get(meant.name) };
}

function meaning(claims: Claims, meant: Claim): Omit<Route, 'door'> {
  const { user, options } = claims;
  const { name: tenant, by } = meant;
  const suffixed = splitUser(user);
  const isSuffixed = suffixed?.tenant === tenant;
  const role = isSuffixed ? suffixed.role : user;
  const database = claims.database ?? (isSuffixed ? tenant : role);
  return { tenant, by, role, database, options };
}

function serverNameClaims(request: RouteRequest): Claim[] {
  const host = request.serverName?.toLowerCase().replace(/\.$/, '');
  if (host === undefined || isAddress(host) || request.hostNames.includes(host)) return [];
  const [label = '', ...domain] = host.split('.');
  if (domain.length === 0 || !mayBeTenant(label)) return [];
  const isOurs = ['localhost', ...request.hostNames].includes(domain.join('.'));
  return [{ name: label, by: 'the TLS server name', onlyIfExists: !isOurs }];
}

const isAddress = (host: string): boolean => /^[0-9.]+$/.test(host) || host.includes(':');

function userClaims(user: string): Claim[] {
  const suffixed = splitUser(user);
  if (suffixed === undefined || !mayBeTenant(suffixed.tenant)) return [];
  return [{ name: suffixed.tenant, by: 'the user', onlyIfExists: true }];
}

function splitUser(user: string): { readonly role: string; readonly tenant: string } | undefined {
  const dot = user.lastIndexOf('.');
  return dot <= 0 ? undefined : { role: user.slice(0, dot), tenant: user.slice(dot + 1) };
}

function databaseClaims(database: string): Claim[] {
  return mayBeTenant(database) ? [{ name: database, by: 'the database', onlyIfExists: false }] : [];
}

function mayBeTenant(text: string): text is TenantName {
  return isTenantName(text) && !isReservedName(text);
}
