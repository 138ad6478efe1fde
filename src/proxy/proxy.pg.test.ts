import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import postgresJs from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import { ms } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { settled } from '../sim/virtual-clock.ts';
import { type Certificate, openCertificate } from '../system/certificate.ts';
import { SystemClock } from '../system/clock.ts';
import { SystemNetwork } from '../system/network.ts';
import { SystemRandom } from '../system/random.ts';
import { eventually } from '../testing/eventually.ts';
import { FakeGate } from '../testing/fake-gate.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { described, SSL_REQUEST, startupMessageOf, WirePeer } from '../testing/wire-peer.ts';
import { verifierOf } from '../wire/verifier.ts';
import { openProxy, type RunningProxy } from './proxy.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from './proxy-options.ts';

const PASSWORD = 'p\u00e4ss w\u00f6rd';
const HOST = '127.0.0.1';

let postgres: RealPostgres;
let directory: string;
let certificate: Certificate;
let gate: FakeGate;
let proxy: RunningProxy;
let acme: TenantId;
let verifier: Verifier;
const log = new MemoryLog();

beforeAll(async () => {
  const clock = new SystemClock();
  const random = new SystemRandom();
  postgres = await realPostgres();
  verifier = await verifierOf(PASSWORD, random.bytes(16));
  for (const role of ['acme', 'alice', '"al.ice"']) {
    await postgres.sql(`create role ${role} login password '${verifier}'`);
  }
  await postgres.sql('create database acme owner acme');
  await postgres.sql('create database reports owner acme');
  directory = await mkdtemp(join(tmpdir(), 'dynabase-proxy-'));
  certificate = await openCertificate({ clock, log, directory, files: null, hostNames: [] });
  const { socketDir, port } = postgres.connection;
  gate = new FakeGate(`${socketDir}/.s.PGSQL.${port}`);
  acme = gate.addTenant('acme');
  for (const role of ['acme', 'alice', 'al.ice']) gate.addRole(acme, role, { verifier });
  proxy = await open();
}, 60_000);

afterAll(async () => {
  await proxy?.close();
  certificate?.close();
  await postgres?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
  expect(log.alarming).toEqual([]);
  expect(gate.uses.size).toBe(0);
});

/** A proxy for `gate`, on a port of its own. */
function open(options: Partial<ProxyOptions> = {}): Promise<RunningProxy> {
  const random = new SystemRandom();
  return openProxy({
    proxyId: 'proxy' as ProxyId,
    network: new SystemNetwork(log, certificate),
    gate,
    clock: new SystemClock(),
    random,
    log,
    usageSink: { add: () => Promise.resolve() },
    options: { ...PROXY_DEFAULTS, host: HOST, port: 0, mockKey: random.bytes(32), ...options },
  });
}

type Config = pg.ClientConfig & { readonly enableChannelBinding?: boolean };

/** Connects as the owner of `acme` unless told otherwise, and asks where it is. */
async function whoAmI(config: Config = {}): Promise<unknown> {
  const client = new pg.Client({
    ...{ host: HOST, port: proxy.port, user: 'acme', password: PASSWORD, database: 'acme' },
    ...config,
  });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select current_user as role, current_database() as database, current_setting('work_mem') as mem`,
    );
    return rows[0];
  } finally {
    await client.end();
  }
}

const tls = { rejectUnauthorized: false };
const OWNER = { role: 'acme', database: 'acme', mem: '4MB' };

describe('a client finds its tenant', () => {
  test.each<[string, Config, unknown]>([
    ['by its database', {}, OWNER],
    [
      'by the suffix of its user',
      { user: 'alice.acme', database: 'reports' },
      { role: 'alice', database: 'reports', mem: '4MB' },
    ],
    [
      'by an option',
      { options: 'endpoint=acme', database: 'reports' },
      { ...OWNER, database: 'reports' },
    ],
    [
      'by the TLS server name',
      { ssl: { ...tls, servername: 'acme.localhost' }, database: 'reports' },
      { ...OWNER, database: 'reports' },
    ],
    ['with a role that has a dot', { user: 'al.ice' }, { ...OWNER, role: 'al.ice' }],
    [
      'and its own options go on',
      { options: '-c work_mem=8MB -c endpoint=acme' },
      { ...OWNER, mem: '8MB' },
    ],
  ])('%s', async (_, config, expected) => {
    expect(await whoAmI(config)).toEqual(expected);
  });
});

describe('TLS', () => {
  test('with SCRAM bound to the channel lets in a client of another make', async () => {
    expect(await whoAmI({ ssl: tls, enableChannelBinding: true })).toEqual(OWNER);
    expect(await whoAmI({ ssl: tls, enableChannelBinding: false })).toEqual(OWNER);
  });

  test('is verified by a client that knows our certificate', async () => {
    const ca = await readFile(join(directory, 'server.crt'));
    expect(await whoAmI({ ssl: { ca, servername: 'localhost' } })).toEqual(OWNER);
    await expect(whoAmI({ ssl: { ca, servername: 'elsewhere.net' } })).rejects.toThrow('altnames');
  });

  test('serves postgres.js, pipelined', async () => {
    const sql = postgresJs({
      ...{ host: HOST, port: proxy.port, user: 'acme', password: PASSWORD, database: 'acme' },
      ...{ ssl: tls, max: 1, onnotice: () => {} },
    });
    const rows = await Promise.all([1, 2, 3].map((n) => sql`select ${n}::int as n`));
    expect(rows.map(([row]) => row?.n)).toEqual([1, 2, 3]);
    await sql.end();
  });

  test('may come without being asked for, if the protocol is agreed on', async () => {
    const socket = connectTls({
      ...{ host: HOST, port: proxy.port, servername: 'acme.localhost' },
      ...{ ALPNProtocols: ['postgresql'], rejectUnauthorized: false },
    });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('postgresql');
    const peer = new WirePeer(socket);
    const found = await peer.logIn({
      password: PASSWORD,
      parameters: { user: 'acme', database: 'acme' },
    });
    expect(found.map((m) => m.type).join('')).toMatch(/^RRRRS+KZ$/);
    peer.socket.end(Buffer.from('X\0\0\0\x04'));
  });

  test('is understood when its hello comes byte by byte', async () => {
    const { socket } = await plain();
    const slow = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        void byteByByte(socket, chunk).then(() => done());
      },
    });
    socket.on('data', (chunk) => slow.push(chunk));
    const secured = connectTls({
      ...{ socket: slow, servername: 'acme.localhost' },
      ...{ ALPNProtocols: ['postgresql'], rejectUnauthorized: false },
    });
    await once(secured, 'secureConnect');
    const login = { password: PASSWORD, parameters: { user: 'acme', database: 'acme' } };
    const found = await new WirePeer(secured).logIn(login);
    expect(found.at(-1)?.type).toBe('Z');
    socket.destroy();
  });

  test('that comes without being asked for and without a protocol is refused', async () => {
    const socket = connectTls({ host: HOST, port: proxy.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(await new WirePeer(socket).toEnd()).toEqual([
      'error 08P01: protocol violation: direct TLS needs the application protocol "postgresql" (ALPN)',
    ]);
    socket.end();
  });

  test('with another application protocol fails in the handshake', async () => {
    const socket = connectTls({
      ...{ host: HOST, port: proxy.port, ALPNProtocols: ['h2'], rejectUnauthorized: false },
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/no application protocol|alert/);
  });

  test('is refused when anything was sent before we agreed to it', async () => {
    const peer = await plain();
    peer.send(SSL_REQUEST, startupMessageOf({ user: 'acme' }));
    expect(await peer.toEnd()).toEqual([
      'error 08P01: protocol violation: unencrypted data after an SSLRequest',
    ]);
    peer.socket.end();
  });

  test('that is agreed to and then garbled ends the connection without a word', async () => {
    const peer = await plain();
    peer.send(SSL_REQUEST);
    expect(await peer.byte()).toBe('S');
    peer.send(startupMessageOf({ user: 'acme' }));
    await once(peer.socket.resume(), 'close');
  });
});

test('a handshake that stops half way is ended when the time for the login is over', async () => {
  const hasty = await open({ loginTimeout: ms(300) });
  for (const opening of [SSL_REQUEST, Buffer.from('\x16\x03\x01\x02\0\x01', 'latin1')]) {
    const peer = await plain(hasty.port);
    peer.send(opening);
    await once(peer.socket.resume(), 'close');
  }
  await hasty.close();
  expect(hasty.sessions.count()).toBe(0);
});

test('a client that resets its connection leaves nothing behind', async () => {
  const own = await open();
  const peer = await plain(own.port);
  await peer.logIn({ password: PASSWORD, parameters: { user: 'acme', database: 'acme' } });
  peer.socket.resetAndDestroy();
  await eventually('no session is left', async () => own.sessions.count() === 0);
  await own.close();
});

test('two proxies cannot have one port', async () => {
  await expect(open({ port: proxy.port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

describe('PostgreSQL’s own refusal reaches the client', () => {
  test.each<[string, Config, object]>([
    [
      'of a database that does not exist',
      { user: 'acme.acme', database: 'nowhere' },
      { code: '3D000', severity: 'FATAL', message: 'database "nowhere" does not exist' },
    ],
    [
      'of a setting that does not exist',
      { options: '-c no_such_setting=1' },
      { code: '42704', severity: 'FATAL' },
    ],
    [
      'of a value that is none',
      { options: '-c work_mem=plenty' },
      { code: '22023', severity: 'FATAL' },
    ],
  ])('%s', async (_, config, expected) => {
    await expect(whoAmI(config)).rejects.toMatchObject(expected);
  });
});

test('a wrong password, an unknown role and an unknown tenant get one answer, and wake nothing', async () => {
  const wakes = gate.wakes.length;
  for (const config of [{ password: 'wrong' }, { user: 'nobody' }, { database: 'ghost' }]) {
    const user = config.user ?? 'acme';
    await expect(whoAmI(config)).rejects.toMatchObject({
      code: '28P01',
      severity: 'FATAL',
      message: `password authentication failed for user "${user}"`,
    });
  }
  expect(gate.wakes.length).toBe(wakes);
});

test('a session is over for the gate when its client has gone', async () => {
  const client = new pg.Client({
    ...{ host: HOST, port: proxy.port, user: 'acme', password: PASSWORD, database: 'acme' },
  });
  await client.connect();
  await eventually('the gate knows of it', async () => gate.uses.get(acme)?.sessions === 1);
  await client.end();
  await eventually('the gate knows of none', async () => !gate.uses.has(acme));
});

test('garbage of every kind ends in a fault or a close', async () => {
  const random = new SystemRandom();
  const whole = startupMessageOf({ user: 'acme', database: 'acme' });
  const samples: Buffer[] = [];
  for (let i = 0; i < 40; i++) samples.push(Buffer.from(random.bytes(1 + i * 7)));
  for (let at = 0; at < whole.length; at += 3) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    samples.push(changed);
  }
  for (const sample of samples) {
    const peer = await plain();
    peer.socket.end(sample);
    const heard = await peer.messagesTo('');
    expect(heard.every((m) => m.type === 'R' || m.type === 'E' || m.type === 'v')).toBe(true);
    expect(heard.map(described).join()).not.toContain('XX000');
  }
  expect(await whoAmI()).toEqual(OWNER);
});

async function plain(port = proxy.port): Promise<WirePeer> {
  const socket: Socket = connectTcp({ host: HOST, port });
  await once(socket, 'connect');
  return new WirePeer(socket);
}

/** Each byte in a segment of its own, as far as the kernel goes along. */
async function byteByByte(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of bytes) {
    await new Promise((written) => socket.write(Buffer.from([byte]), written));
    await settled();
  }
}
