import { expect, test } from 'vitest';
import { ScramClient } from './scram-client.ts';
import { keysOf } from './verifier.ts';

/** The exchange of RFC 7677 §3, but with an empty user as PostgreSQL clients send it. */
const SERVER_FIRST =
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';

const keys = () =>
  keysOf('pencil', {
    salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
    iterations: 4_096,
  });

test('proves a client key as another implementation does', async () => {
  const client = new ScramClient({ ...(await keys()), nonce: 'rOprNGfwEbeRWgbNEkqO' });
  expect(client.first().toString()).toBe('n,,n=,r=rOprNGfwEbeRWgbNEkqO');
  const final = client.final(Buffer.from(SERVER_FIRST)).toString();
  expect(final).toMatch(
    /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
  );
});

test('refuses a server that changes our nonce, adds nothing to it, or answers with an error', async () => {
  for (const answer of ['r=other,s=AA==,i=1', 'r=mine,s=AA==,i=1', 'e=other-error', '']) {
    const client = new ScramClient({ ...(await keys()), nonce: 'mine' });
    expect(() => client.final(Buffer.from(answer))).toThrow('nonce');
  }
});

test('refuses a server that does not know the server key', async () => {
  const client = new ScramClient({ ...(await keys()), nonce: 'rOprNGfwEbeRWgbNEkqO' });
  client.final(Buffer.from(SERVER_FIRST));
  const wrong = `v=${Buffer.alloc(32).toString('base64')}`;
  expect(() => client.verify(Buffer.from(wrong))).toThrow('signed wrongly');
  expect(() => client.verify(Buffer.from('e=invalid-proof'))).toThrow('no signature');
});
