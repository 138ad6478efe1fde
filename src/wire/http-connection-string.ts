/**
 * The header `Neon-Connection-String`: whom a request over HTTP is for, and the password that proves it.
 *
 * It is what PostgreSQL clients are given, so that one string serves both ways. Of its parameters
 * those are read that name a tenant or the caller; the others (`sslmode` and the like) say how to
 * reach a server that has been reached already.
 */
import { fault } from '../domain/faults.ts';

export type ConnectionString = {
  /** As it would be said in TLS; its first label may name a tenant. */
  readonly host: string;
  readonly password: string;
  /** What a startup packet of the same connection would say. */
  readonly parameters: ReadonlyMap<string, string>;
};

const SCHEMES: ReadonlySet<string> = new Set(['postgres:', 'postgresql:']);

/** Parameters of a connection string that a server hears of. */
const PASSED_ON = ['options', 'application_name'] as const;

/** Throws `BAD_REQUEST`, whose text holds nothing of what was sent. */
export function readConnectionString(text: string): ConnectionString {
  const url = urlOf(text);
  if (url === undefined || !SCHEMES.has(url.protocol)) {
    throw bad('is no URL of the form postgresql://ROLE:PASSWORD@HOST/DATABASE');
  }
  const [user, password] = [decoded(url.username), decoded(url.password)];
  const database = decoded(url.pathname.replace(/^\//, ''));
  if (user === '') throw bad('names no role');
  if (password === '') throw bad('has no password');
  const parameters = new Map([['user', user]]);
  if (database !== '') parameters.set('database', database);
  for (const name of PASSED_ON) {
    const value = url.searchParams.get(name);
    if (value !== null) parameters.set(name, value);
  }
  // What a string of the protocol ends with; the rest of it would be heard by nobody.
  for (const value of [password, ...parameters.values()]) {
    if (value.includes('\0')) throw bad('has a character that no name and no password may have');
  }
  // The answer is JSON.
  parameters.set('client_encoding', 'UTF8');
  return { host: decoded(url.hostname), password, parameters };
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('is not percent-encoded as it should be');
  }
}

const bad = (what: string): Error =>
  fault('BAD_REQUEST', { why: `the header Neon-Connection-String ${what}` });
