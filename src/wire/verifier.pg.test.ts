import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { parseVerifier, verifierOf } from './verifier.ts';

let postgres: RealPostgres;
beforeAll(async () => {
  postgres = await realPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

/** The verifier that PostgreSQL itself makes of the password. */
async function made(password: string): Promise<string> {
  await postgres.sql('drop role if exists someone');
  await postgres.sql(`create role someone password '${password}'`);
  const [row] = await postgres.sql<{ rolpassword: string }>(
    `select rolpassword from pg_authid where rolname = 'someone'`,
  );
  return row?.rolpassword ?? '';
}

test.each([
  'pencil',
  'e\u0301\u00a0\u00ad\u2168',
  '\u0627\u0031\u0628',
  '\u0627a\u00ad\u0628',
  '\u00aa\u{1f600}',
  '\u00aa\u0080',
  '\u00ad',
])('PostgreSQL makes the same verifier of "%s" under the same salt', async (password) => {
  const theirs = await made(password);
  const salt = parseVerifier(theirs)?.salt ?? Buffer.alloc(0);
  expect(await verifierOf(password, salt)).toBe(theirs);
});
