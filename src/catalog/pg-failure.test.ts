import pg from 'pg';
import { expect, test } from 'vitest';
import { AssertionFailure } from '../domain/assert.ts';
import { Fault, fault } from '../domain/faults.ts';
import { catalogFailure } from './pg-failure.ts';

function reported(sqlstate: string, message = 'said by 10.0.0.1:5432'): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = sqlstate;
  return error;
}

const system = (code: string): Error =>
  Object.assign(new Error(`connect ${code} 10.0.0.1:5432`), { code, syscall: 'connect' });

const coded = (code: string): Error => Object.assign(new Error('certificate'), { code });

function told(error: unknown): string {
  const failure = catalogFailure(error);
  if (!(failure instanceof Fault)) return 'unchanged';
  expect(failure.cause).toBe(error);
  return failure.message;
}

const DOWN = 'the catalog cannot be reached; try again in a moment';

test.each([
  ['08006', DOWN],
  ['40001', DOWN],
  ['40P01', DOWN],
  ['53100', 'the disk is full: the catalog; free some space and repeat'],
  ['53300', DOWN],
  ['55P03', DOWN],
  ['57014', DOWN],
  ['57P01', DOWN],
  ['57P03', DOWN],
  ['25006', DOWN],
  ['25P03', DOWN],
  [
    '28P01',
    'the catalog cannot be used: its PostgreSQL refuses the password; correct DATABASE_URL',
  ],
  ['28000', 'the catalog cannot be used: its PostgreSQL refuses the user; correct DATABASE_URL'],
  ['23505', 'unchanged'],
  ['42P01', 'unchanged'],
  ['XX001', 'unchanged'],
])('SQLSTATE %s from the server is told as: %s', (sqlstate, message) => {
  expect(told(reported(sqlstate))).toBe(message);
});

test.each([
  system('ECONNREFUSED'),
  system('ENOENT'),
  system('ECONNRESET'),
  system('EPIPE'),
  system('ENOTFOUND'),
  new Error('Connection terminated unexpectedly'),
  new Error('Connection terminated due to connection timeout'),
  new Error('timeout exceeded when trying to connect'),
  new Error('Query read timeout'),
  new Error('Client has encountered a connection error and is not queryable'),
])('%s is told as the catalog being down', (error) => {
  expect(told(error)).toBe(DOWN);
});

test.each([
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'the TLS certificate of its PostgreSQL is not trusted'],
  [coded('CERT_HAS_EXPIRED'), 'the TLS certificate of its PostgreSQL is not trusted'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'the TLS certificate of its PostgreSQL is not trusted'],
  [
    new Error('The server does not support SSL connections'),
    'its PostgreSQL offers no TLS; remove sslmode from DATABASE_URL',
  ],
  [
    reported('08P01', 'unsupported startup parameter: statement_timeout'),
    'a pooler stands before its PostgreSQL; give a direct connection',
  ],
])('%s says what to correct', (error, why) => {
  expect(told(error)).toBe(`the catalog cannot be used: ${why}`);
});

test.each([
  fault('TENANT_EXISTS', { name: 'acme' }),
  new AssertionFailure('ours'),
  new TypeError('ours as well'),
  'not even an error',
])('%s is not about the connection and passes unchanged', (error) => {
  expect(catalogFailure(error)).toBe(error);
});
