import type { Socket } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { ms, seconds } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { settled, VirtualClock } from '../sim/virtual-clock.ts';
import { FakeCompute } from '../testing/fake-compute.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';
import { message } from '../wire/messages.ts';
import { keysOf, parseVerifier, verifierOf } from '../wire/verifier.ts';
import { type Backend, openBackend } from './backend.ts';

const PASSWORD = 'pencil';
const RESPONSE = message('E', Buffer.from('SFATAL\0VFATAL\0C3D000\0Mno database\0\0'));

let verifier: Verifier;
let clientKey: Uint8Array;

beforeAll(async () => {
  verifier = await verifierOf(PASSWORD, Buffer.alloc(16, 5));
  const secret = parseVerifier(verifier);
  if (secret === undefined) throw new Error('no verifier');
  clientKey = (await keysOf(PASSWORD, secret)).clientKey;
});

class World {
  readonly clock = new VirtualClock();
  readonly compute = new FakeCompute(verifier);
  readonly network = new MemoryNetwork(this.compute.take);
  readonly dialled: Socket[] = [];

  open(signal?: AbortSignal): Promise<Backend> {
    const options = {
      dial: (path: string) => {
        const socket = this.network.dial(path);
        this.dialled.push(socket);
        return socket;
      },
      clock: this.clock,
      address: { socketPath: '/compute' },
      parameters: new Map([['database', 'acme']]),
      role: 'acme',
      clientKey,
      nonce: 'nonce',
      giveUpAfter: seconds(5),
    };
    return openBackend(options, signal);
  }

  /** What is still held after a login that failed. */
  get left(): object {
    return { timers: this.clock.pending, open: this.dialled.filter((s) => !s.destroyed).length };
  }
}

const NOTHING = { timers: 0, open: 0 };

test('a login ends with a paused socket, the key and the greeting', async () => {
  const world = new World();
  const backend = await world.open();
  expect(world.network.dialled).toEqual(['/compute']);
  expect(world.compute.logins).toEqual([{ database: 'acme', user: 'acme' }]);
  expect({ ...backend, socket: backend.socket.isPaused() }).toEqual({
    socket: true,
    address: { socketPath: '/compute' },
    key: { processId: 101, secret: Buffer.from('1234') },
    greeting: message('S', Buffer.from('server_version\x0018.4\0')),
    rest: Buffer.alloc(0),
    status: 0x49,
  });
  expect(world.clock.pending).toBe(0);
  backend.socket.destroy();
});

test('what the compute refuses is its own answer, and nothing is left open', async () => {
  const world = new World();
  world.compute.answers.push({ kind: 'refuse', response: RESPONSE });
  await expect(world.open()).rejects.toMatchObject({
    name: 'BackendRefused',
    response: RESPONSE,
    sqlstate: '3D000',
  });
  expect(world.left).toEqual(NOTHING);
});

test('a compute that hangs up is unreachable', async () => {
  const world = new World();
  world.compute.answers.push({ kind: 'hangUp' });
  await expect(world.open()).rejects.toMatchObject({ name: 'BackendUnreachable' });
  expect(world.left).toEqual(NOTHING);
});

test('a compute that says nothing is given up on in time', async () => {
  const world = new World();
  world.compute.answers.push({ kind: 'silence' });
  const failed = expect(world.open()).rejects.toMatchObject({ name: 'BackendUnreachable' });
  await world.clock.advance(ms(4_999));
  expect(world.left).toEqual({ timers: 1, open: 1 });
  await world.clock.advance(ms(1));
  await failed;
  expect(world.left).toEqual(NOTHING);
});

test('a login that is called off ends with the reason given', async () => {
  const world = new World();
  world.compute.answers.push({ kind: 'silence' });
  const calling = new AbortController();
  const failed = expect(world.open(calling.signal)).rejects.toThrow('never mind');
  await settled();
  calling.abort(new Error('never mind'));
  await failed;
  expect(world.left).toEqual(NOTHING);
});

test('a login that was called off before it began dials nobody', async () => {
  const world = new World();
  await expect(world.open(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  expect(world.network.dialled).toEqual([]);
});

test('calling off a login that is done does it no harm', async () => {
  const world = new World();
  const calling = new AbortController();
  const backend = await world.open(calling.signal);
  calling.abort();
  expect(backend.socket.destroyed).toBe(false);
  backend.socket.destroy();
});
