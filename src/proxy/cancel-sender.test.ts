import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { seconds } from '../domain/units.ts';
import { settled, VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';
import { readStartupPacket } from '../wire/startup.ts';
import {
  CANCELS_MAX,
  CANCELS_OF_COMPUTE_MAX,
  type Cancellable,
  CancelSender,
} from './cancel-sender.ts';

class World {
  readonly clock = new VirtualClock();
  /** The computes' ends of the connections, in the order they were dialled. */
  readonly dialled: Socket[] = [];
  readonly #network = new MemoryNetwork((_path, socket) => void this.dialled.push(socket));
  readonly sender = new CancelSender({
    dial: (path) => this.#network.dial(path),
    clock: this.clock,
  });

  get paths(): readonly string[] {
    return this.#network.dialled;
  }
}

const busy = (processId: number): Cancellable & { isBusy: boolean } => ({
  backend: {
    address: { socketPath: `/compute-${processId}` },
    key: { processId, secret: Buffer.from([1, 2, 3, 4]) },
  },
  isBusy: true,
});

/** Lets what was written arrive, and closings be heard. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await settled();
}

test('the compute gets the backend’s own key, and nothing else', async () => {
  const world = new World();
  void world.sender.send(busy(7));
  await turns();
  const bytes: Buffer = world.dialled[0]?.read();
  expect(world.paths).toEqual(['/compute-7']);
  expect(readStartupPacket(bytes)).toEqual({
    packet: {
      kind: 'cancelRequest',
      key: { processId: 7, secret: Buffer.from([1, 2, 3, 4]) },
    },
    length: bytes.length,
  });
});

test('one that repeats itself is sent once more when that is done, if there is still work', async () => {
  const world = new World();
  const target = busy(7);
  for (let i = 0; i < 5; i++) void world.sender.send(target);
  expect([world.paths.length, world.sender.isUnderWay(target)]).toEqual([1, true]);
  world.dialled[0]?.destroy();
  await turns();
  expect([world.paths.length, world.sender.isUnderWay(target)]).toEqual([2, true]);
  world.dialled[1]?.destroy();
  await turns();
  expect([world.paths.length, world.sender.isUnderWay(target)]).toEqual([2, false]);
});

test('what has nothing to cancel is not dialled', () => {
  const world = new World();
  void world.sender.send({ ...busy(7), isBusy: false });
  expect(world.paths).toEqual([]);
});

test('more than the most at once wait for their turn, and are dropped if it comes too late', async () => {
  const world = new World();
  const targets = Array.from({ length: CANCELS_MAX + 3 }, (_, i) => busy(i + 1));
  for (const target of targets) void world.sender.send(target);
  expect(world.paths.length).toBe(CANCELS_MAX);
  const late = targets[CANCELS_MAX];
  if (late !== undefined) late.isBusy = false;
  for (const socket of world.dialled.splice(0)) socket.destroy();
  await turns();
  expect(world.paths.slice(CANCELS_MAX)).toEqual([
    `/compute-${CANCELS_MAX + 2}`,
    `/compute-${CANCELS_MAX + 3}`,
  ]);
});

test('a compute that does not close the connection is given up on', async () => {
  const world = new World();
  const target = busy(7);
  void world.sender.send(target);
  await turns();
  await world.clock.advance(seconds(5));
  await turns();
  expect(world.sender.isUnderWay(target)).toBe(false);
  expect(world.clock.pending).toBe(0);
});

test('a compute that does not answer keeps only its own cancels waiting', async () => {
  const world = new World();
  const silent = { socketPath: '/silent' };
  for (let i = 0; i < CANCELS_MAX; i++) {
    const { backend } = busy(i);
    void world.sender.send({ backend: { ...backend, address: silent }, isBusy: true });
  }
  void world.sender.send(busy(77));
  const first = Array.from({ length: CANCELS_OF_COMPUTE_MAX }, () => '/silent');
  expect(world.paths).toEqual([...first, '/compute-77']);
  await world.clock.advance(seconds(5));
  await turns();
  expect(world.paths.slice(CANCELS_OF_COMPUTE_MAX + 1)).toEqual(first);
});
