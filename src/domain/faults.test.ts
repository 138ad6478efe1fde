import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorsPage, exampleMessage, FAULT_CODES } from '../testing/errors-page.ts';
import { FAULT_GUIDE } from '../testing/fault-guide.ts';
import type { FaultSpec } from './fault-spec.ts';
import { FAULTS, Fault, fault, isFault, toFault } from './faults.ts';

const PAGE = new URL('../../docs/errors.md', import.meta.url);

/** Classes of SQLSTATE. Source: PostgreSQL docs, appendix A. */
const CLASSES = new Set(
  (
    '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F ' +
    '40 42 44 53 54 55 57 58 72 F0 HV P0 XX'
  ).split(' '),
);

/** What a stranger must not learn of us: addresses, ports, paths. */
const OURS = [
  /\b\d{1,3}(\.\d{1,3}){3}\b/,
  /\b[0-9a-f]*::[0-9a-f]*\b/i,
  /\b[\w-]+\.(com|net|org|dev|local|internal)\b/i,
  /\w:\d+/,
  /(^|[\s"'(=])(~|\.{1,2})?\/[\w.]/,
  /\b[A-Z]:\\/,
];

test('docs/errors.md is what the fault table and its guide say', async () => {
  if (env.UPDATE) await writeFile(PAGE, errorsPage());
  expect(await readFile(PAGE, 'utf8')).toBe(errorsPage());
});

describe.each(FAULT_CODES)('%s', (code) => {
  const spec: FaultSpec = FAULTS[code];

  test('has an SQLSTATE of a known class', () => {
    expect(spec.sqlstate).toMatch(/^[0-9A-Z]{5}$/);
    expect(CLASSES).toContain(spec.sqlstate.slice(0, 2));
  });

  test('has an HTTP status of an error, and of the client’s if it is the client’s', () => {
    expect(spec.http).toBeGreaterThanOrEqual(400);
    expect(spec.http).toBeLessThan(spec.kind === 'client' ? 500 : 600);
  });

  test('says it in one plain sentence that fits the style of PostgreSQL', () => {
    expect(exampleMessage(code)).toMatch(/^[a-zA-Z"]/);
    expect(exampleMessage(code)).not.toMatch(/[.!]$|\n|undefined|NaN|\[object/);
  });

  test('tells no host, port or path, whatever names its user chose', () => {
    // What the user named may be repeated; a number is a count or a time, or a port that was chosen.
    const params = fc.record(
      Object.fromEntries(
        Object.entries(FAULT_GUIDE[code].params).map(([name, value]) => [
          name,
          typeof value === 'number' ? fc.nat() : fc.stringMatching(/^[a-z][a-z0-9_ -]{0,30}$/),
        ]),
      ),
    );
    fc.assert(
      fc.property(params, (values) => {
        const { message } = fault(code, values as never);
        for (const form of OURS) expect(message).not.toMatch(form);
      }),
      // A message is its parameters in a fixed text.
      { seed: 1, numRuns: 10 },
    );
  });
});

test.each([
  'connect to 10.0.0.7 failed',
  'no answer from fe80::1',
  'cannot resolve db.internal',
  'connect to localhost:5432 failed',
  'cannot read /var/lib/data',
  'cannot read "../secrets"',
  'cannot read C:\\data',
])('what a stranger must not learn is noticed in: %s', (message) => {
  expect(OURS.some((form) => form.test(message))).toBe(true);
});

test('no two faults say the same to people', () => {
  const messages = FAULT_CODES.map(exampleMessage);
  expect(new Set(messages).size).toBe(messages.length);
});

test('a fault passes through and keeps its code and cause', () => {
  const cause = new Error('socket');
  const down = fault('CATALOG_DOWN', {}, { cause });
  expect(toFault(down)).toBe(down);
  expect([down.code, down.cause, down.spec, down instanceof Fault]).toEqual([
    'CATALOG_DOWN',
    cause,
    FAULTS.CATALOG_DOWN,
    true,
  ]);
});

test('anything else is told as INTERNAL, and its text only to our log', () => {
  const error = new Error('connect 10.0.0.1:5432');
  const told = toFault(error);
  expect([told.code, told.message, told.cause]).toEqual([
    'INTERNAL',
    'internal error; the server log has the cause',
    error,
  ]);
});

test('a fault is recognised by its code alone', () => {
  const down = fault('CATALOG_DOWN', {});
  expect([isFault(down, 'CATALOG_DOWN'), isFault(down, 'INTERNAL')]).toEqual([true, false]);
  expect(isFault({ code: 'CATALOG_DOWN' }, 'CATALOG_DOWN')).toBe(false);
});
