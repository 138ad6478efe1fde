import { describe, expect, test } from 'vitest';
import { hmac, sha256, xor } from './scram.ts';
import { ScramClient } from './scram-client.ts';
import { mechanismsFor, mockSecret, ScramServer, type ScramServerOptions } from './scram-server.ts';
import { keysOf, parseVerifier, type ScramSecret, verifierOf } from './verifier.ts';

const PLAIN = 'SCRAM-SHA-256';
const PLUS = 'SCRAM-SHA-256-PLUS';
const END_POINT = sha256(Buffer.from('a certificate'));

const secretOf = async (password: string): Promise<ScramSecret> => {
  const secret = parseVerifier(await verifierOf(password, Buffer.alloc(16, 7)));
  if (secret === undefined) throw new Error('no verifier');
  return secret;
};

const server = async (given: Partial<ScramServerOptions> = {}): Promise<ScramServer> =>
  new ScramServer({
    secret: await secretOf('pencil'),
    nonce: 'server',
    channelBinding: null,
    ...given,
  });

/** A proof by the arithmetic of RFC 5802, without our client. */
async function finalMessage(first: string, serverFirst: string, binding: string): Promise<string> {
  const secret = await secretOf('pencil');
  const { clientKey } = await keysOf('pencil', secret);
  const nonce = serverFirst.slice(2, serverFirst.indexOf(','));
  const withoutProof = `c=${Buffer.from(binding, 'latin1').toString('base64')},r=${nonce}`;
  const bare = first.split(',').slice(2).join(',');
  const signature = hmac(secret.storedKey, `${bare},${serverFirst},${withoutProof}`);
  return `${withoutProof},p=${xor(clientKey, signature).toString('base64')}`;
}

test('agrees with the exchange of RFC 7677', async () => {
  const cost = { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), iterations: 4_096 };
  const { clientKey, serverKey } = await keysOf('pencil', cost);
  const secret = { ...cost, storedKey: sha256(clientKey), serverKey };
  const scram = await server({ secret, nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0' });

  const challenge = scram.challenge(PLAIN, Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'));
  expect(challenge.toString()).toBe(
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  );
  const proven = scram.finish(
    Buffer.from(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
        'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    ),
  );
  expect(proven).toEqual({
    clientKey,
    serverFinal: Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='),
  });
});

test('lets in who knows the password, and hands over the key that proves it elsewhere', async () => {
  const secret = await secretOf('pencil');
  const keys = await keysOf('pencil', secret);
  const scram = await server({ secret });
  const client = new ScramClient({ ...keys, nonce: 'client' });
  const final = client.final(scram.challenge(PLAIN, client.first()));
  const proven = scram.finish(final);
  expect(proven?.clientKey).toEqual(keys.clientKey);
  expect(() => client.verify(proven?.serverFinal ?? Buffer.alloc(0))).not.toThrow();
});

test('lets nobody in with another password, whether the role exists or not', async () => {
  const secrets = [await secretOf('pencil'), mockSecret(Buffer.alloc(32), 'acme/nobody')];
  for (const secret of secrets) {
    const { clientKey } = await keysOf('pen', secret);
    const scram = await server({ secret });
    const client = new ScramClient({ clientKey, nonce: 'client' });
    const final = client.final(scram.challenge(PLAIN, client.first()));
    expect(scram.finish(final)).toBeUndefined();
  }
});

test('a role that does not exist has one salt for ever, and another role another one', () => {
  const key = Buffer.alloc(32, 1);
  expect(mockSecret(key, 'acme/a')).toEqual(mockSecret(key, 'acme/a'));
  expect(mockSecret(key, 'acme/b').salt).not.toEqual(mockSecret(key, 'acme/a').salt);
  expect(mockSecret(Buffer.alloc(32, 2), 'acme/a').salt).not.toEqual(
    mockSecret(key, 'acme/a').salt,
  );
  const { iterations, salt } = mockSecret(key, 'acme/a');
  expect({ iterations, saltBytes: salt.length }).toEqual({ iterations: 4_096, saltBytes: 16 });
});

describe('channel binding', () => {
  const CHANNEL = END_POINT.toString('latin1');

  test('is offered where there is a channel to bind to', () => {
    expect(mechanismsFor(null)).toEqual([PLAIN]);
    expect(mechanismsFor(END_POINT)).toEqual([PLUS, PLAIN]);
  });

  test.each([
    ['a client that binds', PLUS, 'p=tls-server-end-point,,', `p=tls-server-end-point,,${CHANNEL}`],
    ['a client that cannot, and says so', PLAIN, 'n,,', 'n,,'],
  ])('lets in %s', async (_, mechanism, header, binding) => {
    const scram = await server({ channelBinding: END_POINT });
    const first = `${header}n=,r=client`;
    const challenge = scram.challenge(mechanism, Buffer.from(first)).toString();
    const final = await finalMessage(first, challenge, binding);
    expect(scram.finish(Buffer.from(final))).toBeDefined();
  });

  test('without TLS lets in a client that could have bound', async () => {
    const scram = await server();
    const challenge = scram.challenge(PLAIN, Buffer.from('y,,n=,r=client')).toString();
    const final = await finalMessage('y,,n=,r=client', challenge, 'y,,');
    expect(scram.finish(Buffer.from(final))).toBeDefined();
  });

  test.each([
    ['another channel', PLUS, 'p=tls-server-end-point,,', 'p=tls-server-end-point,,elsewhere'],
    ['no channel in the end', PLUS, 'p=tls-server-end-point,,', 'p=tls-server-end-point,,'],
    ['a header that it did not send first', PLAIN, 'n,,', 'y,,'],
  ])('refuses a client that binds to %s', async (_, mechanism, header, binding) => {
    const scram = await server({ channelBinding: END_POINT });
    const first = `${header}n=,r=client`;
    const challenge = scram.challenge(mechanism, Buffer.from(first)).toString();
    const final = await finalMessage(first, challenge, binding);
    expect(() => scram.finish(Buffer.from(final))).toThrow('channel binding check failed');
  });

  test.each([
    ['that did not see our offer of it', END_POINT, PLAIN, 'y,,n=,r=c', 'did not see the offer'],
    ['that does not bind but says so', END_POINT, PLUS, 'n,,n=,r=c', 'does not fit'],
    ['that binds without saying so', END_POINT, PLAIN, 'p=tls-unique,,n=,r=c', 'does not fit'],
    ['of another type', END_POINT, PLUS, 'p=tls-unique,,n=,r=c', 'unknown SCRAM channel binding'],
    ['where there is none', null, PLUS, 'p=tls-server-end-point,,n=,r=c', 'not offered'],
    ['that we never heard of', END_POINT, 'SCRAM-SHA-512', 'n,,n=,r=c', 'not offered'],
  ])('refuses a client %s', async (_, channelBinding, mechanism, first, why) => {
    const scram = await server({ channelBinding });
    expect(() => scram.challenge(mechanism, Buffer.from(first))).toThrow(why);
  });
});

describe('a malformed message', () => {
  test.each([
    ['', 'does not fit'],
    ['x,,n=,r=c', 'does not fit'],
    ['n', 'malformed'],
    ['n,', 'malformed'],
    ['n,,', 'malformed'],
    ['n,,r=c,n=', 'malformed'],
    ['n,,n=', 'malformed'],
    ['n,,n=,x=c', 'malformed'],
    ['n,x,n=,r=c', 'malformed'],
    ['n,,n=,r=', 'printable'],
    ['n,,n=,r=\u0001', 'printable'],
    ['n,,n=,r=é', 'printable'],
    ['n,a=other,n=,r=c', 'authorization identity'],
    ['n,,m=ext,n=,r=c', 'mandatory'],
  ])('client-first "%s" is refused', async (first, why) => {
    const scram = await server();
    expect(() => scram.challenge(PLAIN, Buffer.from(first))).toThrow(why);
  });

  const proof = Buffer.alloc(32).toString('base64');
  test.each([
    ['', 'malformed'],
    ['c=biws,r=clientserver', 'malformed'],
    [`c=biws,p=${proof}`, 'malformed'],
    ['c=biws,r=clientserver,p=AAAA', 'malformed'],
    [`c=biws,r=clientserver,p=${proof}x`, 'malformed'],
    [`c=biws,r=clientserver,p=${proof},x=1`, 'malformed'],
    [`r=clientserver,c=biws,p=${proof}`, 'channel binding'],
    [`c=biws,r=client,p=${proof}`, 'nonce'],
    [`c=biws,r=clientserver2,p=${proof}`, 'nonce'],
  ])('client-final "%s" is refused', async (final, why) => {
    const scram = await server();
    scram.challenge(PLAIN, Buffer.from('n,,n=,r=client'));
    expect(() => scram.finish(Buffer.from(final))).toThrow(why);
  });

  test('a proof before the challenge is refused', async () => {
    const scram = await server();
    expect(() => scram.finish(Buffer.from('c=biws,r=x,p=x'))).toThrow('before the challenge');
  });
});

test('ignores extensions that it may ignore, and counts them into the proof', async () => {
  const scram = await server();
  const first = 'n,,n=anyone,r=client,x=1';
  const challenge = scram.challenge(PLAIN, Buffer.from(first)).toString();
  const final = await finalMessage(first, challenge, 'n,,');
  expect(scram.finish(Buffer.from(final))).toBeDefined();
});
