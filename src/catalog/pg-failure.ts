/**
 * What a failure of the catalog's PostgreSQL means to those who use the catalog. The only place
 * that looks at SQLSTATEs and at the texts of the `pg` package.
 */
import pg from 'pg';
import { AssertionFailure } from '../domain/assert.ts';
import { Fault, fault } from '../domain/faults.ts';

/** SQLSTATEs that pass when the same is asked again a little later. */
const PASSING = [
  /^08/, // connection exceptions
  /^40/, // serialization failure, deadlock
  /^53[2-4]/, // out of memory, too many connections, limit exceeded
  /^55P03$/, // lock not available within lock_timeout
  /^57/, // operator intervention: shutting down, starting up, statement timeout
  /^25006$/, // read-only: it has become a standby
  /^25P0[23]$/, // the transaction was ended by a timeout or another failure
];

/** Why a server that answers is no use to us, by SQLSTATE. */
const UNUSABLE: Readonly<Record<string, string>> = {
  '28P01': 'its PostgreSQL refuses the password; correct DATABASE_URL',
  '28000': 'its PostgreSQL refuses the user; correct DATABASE_URL',
  '3D000': 'there is no such database; create it, or correct DATABASE_URL',
  '42501': 'the user may not create a schema there; grant it CREATE on the database',
};

/** PgBouncer's answer to startup parameters it does not know, in any of its modes. */
const POOLER = /unsupported startup parameter/;

/** Node's codes of certificates that are not accepted. Source: Node.js docs, "X509 certificate error codes". */
const CERTIFICATE = /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS_)/;

/** Failures that `pg` itself words, and that have no code. Source: pg 8.23, lib/client.js and pg-pool. */
const LOST =
  /^(Connection terminated|timeout exceeded|timeout expired|Query read timeout|Client (has encountered|was closed)|Cannot use a pool after|driver has already been destroyed|Postgres connection has been discarded)/;

/** The fault that `error` is to a user of the catalog; what has no fault is returned unchanged. */
export function catalogFailure(error: unknown): unknown {
  if (error instanceof Fault || error instanceof AssertionFailure) return error;
  if (error instanceof pg.DatabaseError) return serverFailure(error);
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (CERTIFICATE.test(code)) {
    return unusable('the TLS certificate of its PostgreSQL is not trusted', error);
  }
  if (/does not support SSL/.test(error.message)) {
    return unusable('its PostgreSQL offers no TLS; remove sslmode from DATABASE_URL', error);
  }
  if (/^SASL/.test(error.message)) {
    return unusable('its PostgreSQL wants a password; correct DATABASE_URL', error);
  }
  // Node's own errors carry the system call that failed.
  const lost = 'syscall' in error || LOST.test(error.message);
  return lost ? fault('CATALOG_DOWN', {}, { cause: error }) : error;
}

function serverFailure(error: pg.DatabaseError): unknown {
  const code = error.code ?? '';
  if (POOLER.test(error.message)) {
    return unusable('a pooler stands before its PostgreSQL; give a direct connection', error);
  }
  if (code === '53100') return fault('DISK_FULL', { what: 'the catalog' }, { cause: error });
  if (PASSING.some((form) => form.test(code))) return fault('CATALOG_DOWN', {}, { cause: error });
  const why = UNUSABLE[code];
  return why === undefined ? error : unusable(why, error);
}

const unusable = (why: string, cause: Error): Fault =>
  fault('CATALOG_UNUSABLE', { why }, { cause });

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';

/** Whether `error` says that the unique constraint `constraint` was violated. */
export const violates = (error: unknown, constraint: string): boolean =>
  error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;

/** Whether `error` says that something refers to what is not there, or is to go while it is referred to. */
export const isReferenced = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '23503';
