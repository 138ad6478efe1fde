import { afterEach, describe, expect, test } from 'vitest';
import { elapsed, ms, seconds } from '../domain/units.ts';
import {
  ACME,
  leftBehind,
  PASSWORD,
  type ProxyWorld,
  proxyWorld,
  WELCOME,
} from '../testing/proxy-world.ts';
import {
  described,
  errorFields,
  startupMessageOf,
  type WireMessage,
} from '../testing/wire-peer.ts';
import { message } from '../wire/messages.ts';
import { keysOf, verifierOf } from '../wire/verifier.ts';

const TERMINATE = message('X');
const query = (text: string): Buffer => message('Q', Buffer.from(`${text}\0`));
const all = (found: readonly WireMessage[]): string[] => found.map(described);

let world: ProxyWorld;
afterEach(async () => expect(await leftBehind(world)).toEqual({}));

test('a proven password wakes the compute, and its answers reach the client', async () => {
  world = await proxyWorld();
  const client = world.connect('192.0.2.7');
  const parameters = { ...ACME.parameters, application_name: 'psql', options: '-c geqo=off' };
  expect(all(await client.logIn({ password: PASSWORD, parameters }))).toEqual(WELCOME);
  expect(world.gate.wakes).toEqual([
    {
      tenant: world.acme,
      proxy: 'proxy',
      cause: {
        kind: 'session',
        role: 'acme',
        applicationName: 'psql',
        from: '192.0.2.7',
        visitor: 'person',
      },
    },
  ]);
  expect(world.compute.logins).toEqual([parameters]);
  client.send(query('select 1'));
  expect(await client.message()).toEqual({ type: 'C', body: Buffer.from('select 1\0') });
  expect(world.proxy.sessions.count(world.acme)).toBe(1);
  client.send(TERMINATE);
  await client.toEnd();
  client.socket.end();
  await world.settle();
  expect(world.gate.asked).toEqual(['door', 'credential', 'wake']);
});

test('what a client sends ahead of its welcome is answered after it', async () => {
  world = await proxyWorld();
  const client = world.connect();
  const found = await client.logIn({ ...ACME, ahead: Buffer.concat([query('a'), query('b')]) });
  expect(all(found)).toEqual(WELCOME);
  const answers = [...(await client.messagesTo('Z')), ...(await client.messagesTo('Z'))];
  expect(answers.map((answer) => answer.body.toString())).toEqual(['a\0', 'I', 'b\0', 'I']);
});

describe('a login that fails', () => {
  const attempts: readonly (readonly [string, string, string, string])[] = [
    ['a wrong password', 'acme', 'acme', 'wrong'],
    ['a role that does not exist', 'nobody', 'acme', PASSWORD],
    ['a role of ours', 'dynabase_operator', 'acme', PASSWORD],
    ['a ticket that does not exist', 'dynabase_ticket_1', 'acme', PASSWORD],
    ['a tenant that does not exist', 'acme', 'other', PASSWORD],
    ['a verifier that is none', 'broken', 'acme', PASSWORD],
  ];

  test.each(attempts)('by %s takes the same steps as any', async (_, user, database, password) => {
    world = await proxyWorld();
    const verifier = await verifierOf(PASSWORD, Buffer.alloc(16, 5));
    world.gate.addRole(world.acme, 'dynabase_operator', { verifier });
    world.gate.addRole(world.acme, 'broken', { verifier: 'md5abc' });
    const client = world.connect();
    const found = await client.logIn({ password, parameters: { user, database } });
    expect(all(found)).toEqual([
      'R10',
      'R11',
      `error 28P01: password authentication failed for user "${user}"`,
    ]);
    expect(errorFields(found.at(-1) ?? { type: '', body: Buffer.alloc(0) })).toMatchObject({
      S: 'FATAL',
      V: 'FATAL',
      H: `The tenant was taken to be "${database}", from the database. If there is one and the password is right, it may not allow your address 192.0.2.1.`,
    });
    expect(found[1]?.body.length).toBe(CHALLENGE_BYTES);
    expect(world.gate.asked).toEqual(['door', 'credential']);
    expect(world.clock.now()).toBe(0);
    client.socket.end();
  });

  test('shows the same salt each time it is tried', async () => {
    world = await proxyWorld();
    const salts: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const client = world.connect();
      const [, challenge] = await client.logIn({
        password: 'x',
        parameters: { user: 'nobody', database: 'acme' },
      });
      salts.push(challenge?.body.toString().split(',')[1]);
      client.socket.end();
    }
    expect(salts[0]).toMatch(/^s=/);
    expect(salts[1]).toBe(salts[0]);
  });

  /** `R` 11, both nonces, a salt of 16 bytes, 4,096 iterations. */
  const CHALLENGE_BYTES = 4 + 'r=a-client-nonce'.length + 24 + ',s='.length + 24 + ',i=4096'.length;

  test('is asked for its password after the same time as one that succeeds, whoever came before', async () => {
    world = await proxyWorld({ loginPace: ms(4) });
    const askedAfter = async (user: string, database: string, lookUp: number): Promise<number> => {
      world.gate.lookUp = () => world.clock.sleep(ms(lookUp));
      const client = world.connect();
      const begun = world.clock.now();
      client.send(startupMessageOf({ user, database }));
      const asked = client.message().then(() => elapsed(begun, world.clock.now()));
      for (let i = 0; i < 40; i++) await world.clock.advance(ms(0.25));
      client.socket.end();
      return await asked;
    };
    expect(await askedAfter('acme', 'acme', 0)).toBe(4);
    expect(await askedAfter('acme', 'acme', 1.5)).toBe(4);
    expect(await askedAfter('nobody', 'acme', 1)).toBe(4);
    expect(await askedAfter('acme', 'ghost', 1.75)).toBe(4);
    world.gate.lookUp = () => Promise.resolve();
    const known = world.connect();
    const login = known.logIn(ACME);
    await world.until(() => world.clock.pending > 1);
    await world.clock.advance(ms(4));
    expect(all(await login)).toEqual(WELCOME);
    known.socket.end();
    expect(await askedAfter('acme', 'acme', 0)).toBe(4);
  });

  test('is slowed down when it is repeated, and not for those who proved it before', async () => {
    world = await proxyWorld();
    const friend = world.connect('192.0.2.50');
    await friend.logIn(ACME);
    for (let i = 0; i < 20; i++) {
      const stranger = world.connect(`192.0.2.${i}`);
      await stranger.logIn({ ...ACME, password: 'guess' });
      stranger.socket.end();
    }
    const late = world.connect('192.0.2.99');
    expect(all(await late.logIn(ACME))).toEqual([
      'error 53400: too many failed logins; try again in 1 s',
    ]);
    const again = world.connect('192.0.2.50');
    expect(all(await again.logIn(ACME))).toEqual(WELCOME);
    await world.clock.advance(seconds(1));
    const later = world.connect('192.0.2.99');
    expect(all(await later.logIn(ACME))).toEqual(WELCOME);
    for (const peer of [friend, late, again, later]) peer.socket.end();
  });

  test('is told of a contradiction until it asks too often', async () => {
    world = await proxyWorld();
    world.gate.addTenant('other');
    const parameters = { user: 'acme.acme', database: 'other' };
    const said = async (): Promise<string[]> => {
      const client = world.connect();
      const found = all(await client.logIn({ password: 'x', parameters }));
      client.socket.end();
      return found;
    };
    expect(await said()).toEqual([
      'error 08P01: the connection names two tenants: "acme" by the user and "other" by the database; ' +
        'name the same one, or only one',
    ]);
    for (let i = 1; i < 50; i++) await said();
    expect(await said()).toEqual(['error 53400: too many failed logins; try again in 1 s']);
    expect(world.gate.asked).not.toContain('credential');
  });
});

test('a ticket logs in as the role and with the key that it stands for', async () => {
  world = await proxyWorld();
  const verifier = await verifierOf('a-ticket', Buffer.alloc(16, 6));
  const cost = { salt: Buffer.alloc(16, 5), iterations: 4_096 };
  const { clientKey } = await keysOf(PASSWORD, cost);
  const instead = { role: 'dynabase_operator', clientKey: clientKey.toString('base64') };
  world.gate.addRole(world.acme, 'dynabase_ticket_1', { verifier, instead });
  const client = world.connect();
  const parameters = { user: 'dynabase_ticket_1', database: 'acme' };
  expect(all(await client.logIn({ password: 'a-ticket', parameters }))).toEqual(WELCOME);
  expect(world.compute.logins).toEqual([{ database: 'acme', user: 'dynabase_operator' }]);
  client.socket.end();
});
