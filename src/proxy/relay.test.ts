import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import { type Reading, RelayWorld, type RelayWorldOptions } from '../testing/relay-world.ts';
import { cancelRequest } from '../wire/cancel-request.ts';
import { errorResponse } from '../wire/error-response.ts';
import { STATUS } from '../wire/frames.ts';
import { message, readyForQuery, zeroTerminated } from '../wire/messages.ts';
import { BUFFERED_MAX, OUTSTANDING_MAX } from './relay.ts';

const QUERY = message('Q', zeroTerminated('select 1'));
const DONE = message('C', zeroTerminated('SELECT 1'));
const READY = readyForQuery(STATUS.idle);
const TERMINATE = message('X');
const FATAL = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mstopping\0\0'));

const LOST = errorResponse(fault('COMPUTE_LOST', { tenant: 'acme' }));
const STOPPING = fault('SERVER_STOPPING', {});
const CANCEL = cancelRequest({ processId: 7, secret: Buffer.from([1, 2, 3, 4]) });

/** As much as Node reads at once. */
const CHUNK_BYTES = 64 * 1024;

const READINGS: readonly Reading[] = ['direct', 'ordinary'];

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A world whose compute is at work on a query. */
async function busyWorld(options: RelayWorldOptions = {}): Promise<RelayWorld> {
  const world = await RelayWorld.of(options);
  world.client.send(QUERY);
  await world.until(() => world.compute.length === QUERY.length);
  return world;
}

describe.each(READINGS)('a relay of %s sockets', (reading) => {
  test('passes every byte both ways, in order, however it is cut', async () => {
    await using world = await RelayWorld.of({ reading });
    const body = fc.uint8Array({ maxLength: 3_000 });
    const messages = fc.sample(fc.tuple(fc.boolean(), body), { seed: 5, numRuns: 300 });
    const sent: { readonly up: Buffer[]; readonly down: Buffer[] } = { up: [], down: [] };
    for (const [isUp, bytes] of messages) {
      const one = message(isUp ? 'd' : 'D', bytes);
      const cut = bytes.length >> 1;
      (isUp ? sent.up : sent.down).push(one);
      const from = isUp ? world.client : world.compute;
      from.send(one.subarray(0, cut));
      if (cut % 3 === 0) await world.turns(1);
      from.send(one.subarray(cut));
    }
    const [up, down] = [Buffer.concat(sent.up), Buffer.concat(sent.down)];
    await world.until(() => world.compute.length === up.length);
    await world.until(() => world.client.length === down.length);
    expect(hash(world.compute.received)).toBe(hash(up));
    expect(hash(world.client.received)).toBe(hash(down));
  });

  test.each([
    ['the client reads nothing', 'client', 'compute', 'D'],
    ['the compute reads nothing', 'compute', 'client', 'd'],
  ] as const)('holds little while %s, and loses nothing', async (_name, slow, fast, type) => {
    await using world = await RelayWorld.of({ reading });
    const [reader, writer] = [world[slow], world[fast]];
    const towards = slow === 'client' ? world.sides.client : world.sides.server;
    reader.socket.pause();
    const rows = Buffer.concat(
      Array.from({ length: 12 }, (_, i) => message(type, Buffer.alloc(1024 * 1024, i))),
    );
    let held = 0;
    const look = (): void => {
      held = Math.max(held, towards.writableLength);
    };
    writer.socket.write(rows);
    // Full: the writer’s own bytes do not go out any more.
    let before = -1;
    await world.until(() => {
      look();
      const isStuck = before === writer.socket.bytesWritten - writer.socket.writableLength;
      before = writer.socket.bytesWritten - writer.socket.writableLength;
      return held > BUFFERED_MAX && isStuck;
    });
    await world.turns();
    look();
    reader.socket.resume();
    await world.until(() => {
      look();
      return reader.length === rows.length;
    });
    expect(held).toBeLessThanOrEqual(BUFFERED_MAX + CHUNK_BYTES);
    expect(hash(reader.received)).toBe(hash(rows));
  });

  test('holds no more memory than bytes for a client that has stopped reading', async () => {
    await using world = await RelayWorld.of({ reading });
    world.client.socket.pause();
    const towards = world.sides.client;
    const row = message('D', Buffer.alloc(16_000));
    while (towards.writableLength === 0) {
      world.compute.send(row);
      await world.turns(1);
    }
    const before = process.memoryUsage().arrayBuffers;
    const notice = message('N', Buffer.alloc(20));
    for (let sent = 0; sent < 400; sent++) {
      const unsent = towards.writableLength;
      world.compute.send(notice);
      await world.until(() => towards.writableLength > unsent);
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(grown).toBeLessThan(2 * 1024 * 1024);
  });

  test('answers fifty pipelined queries with fifty ReadyForQuery, and is idle after the last', async () => {
    await using world = await RelayWorld.of({ reading });
    const count = 50;
    world.client.send(...Array.from({ length: count }, () => QUERY));
    await world.until(() => world.compute.length === count * QUERY.length);
    for (let answered = 0; answered < count; answered++) {
      expect(world.relay.isIdle).toBe(false);
      world.compute.send(DONE, READY);
      const bytes = (answered + 1) * (DONE.length + READY.length);
      await world.until(() => world.client.length === bytes);
    }
    expect(world.relay.isIdle).toBe(true);
  });

  test('a client that is far ahead of its answers is not read until they come', async () => {
    await using world = await RelayWorld.of({ reading });
    const sync = message('S');
    const ahead = OUTSTANDING_MAX * 12;
    world.client.send(Buffer.alloc(ahead * sync.length, sync));
    let before = -1;
    await world.until(() => {
      const isStuck = world.compute.length === before && before > 0;
      before = world.compute.length;
      return isStuck;
    });
    await world.turns();
    const stopped = world.compute.length / sync.length;
    expect(stopped).toBeLessThanOrEqual(OUTSTANDING_MAX + CHUNK_BYTES / sync.length);
    let answered = 0;
    while (answered < ahead) {
      const asked = Math.floor(world.compute.length / sync.length);
      if (asked > answered) world.compute.send(Buffer.alloc((asked - answered) * 6, READY));
      answered = asked;
      await world.turns(1);
    }
    await world.until(() => world.client.length === ahead * READY.length);
    expect(world.relay.isIdle).toBe(true);
  });
});

describe('what was read before the relay began', () => {
  test('goes on first, from either side', async () => {
    await using world = await RelayWorld.of({ head: QUERY, rest: message('N', Buffer.of(0)) });
    world.client.send(QUERY);
    await world.until(() => world.compute.length === 2 * QUERY.length);
    await world.until(() => world.client.length > 0);
    expect(world.client.received).toEqual(message('N', Buffer.of(0)));
    expect(world.relay.isBusy).toBe(true);
  });

  test('ends the session if it breaks the protocol', async () => {
    await using world = await RelayWorld.of({ head: Buffer.from('Q\0\0\0\0') });
    await world.until(() => world.client.isEnded);
    expect(world.client.received.toString()).toContain('C08P01');
  });
});

describe('a client that leaves', () => {
  test('by Terminate is passed on, and ends when the compute does', async () => {
    await using world = await RelayWorld.of();
    world.client.send(QUERY, TERMINATE);
    await world.until(() => world.compute.length > QUERY.length);
    expect(world.compute.received).toEqual(Buffer.concat([QUERY, TERMINATE]));
    world.compute.send(DONE, READY);
    world.compute.socket.end();
    await world.until(() => world.client.isEnded);
    world.client.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.client.received).toEqual(Buffer.concat([DONE, READY]));
    expect([world.ends, world.cancels.length]).toEqual([[{ kind: 'terminated' }], 0]);
  });

  test('without a word while idle ends its backend by Terminate', async () => {
    await using world = await RelayWorld.of();
    world.client.socket.destroy();
    await world.until(() => world.compute.isEnded);
    world.compute.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.compute.received).toEqual(TERMINATE);
    expect([world.ends, world.cancels.length]).toEqual([[{ kind: 'clientGone' }], 0]);
    expect(world.clock.pending).toBe(0);
  });

  test('by a reset in the middle of a query has that cancelled, and its backend closed', async () => {
    await using world = await busyWorld();
    world.client.socket.resetAndDestroy();
    await world.until(() => world.compute.isEnded && world.cancels.length > 0);
    await world.until(() => (world.cancels[0]?.length ?? 0) >= CANCEL.length);
    expect(world.cancels.map(({ received }) => received)).toEqual([CANCEL]);
    expect(world.compute.received).toEqual(QUERY);
    world.compute.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.ends).toEqual([{ kind: 'clientGone' }]);
  });

  test('without a word in the middle of a message takes its backend along', async () => {
    await using world = await RelayWorld.of();
    world.client.send(QUERY.subarray(0, 8));
    await world.until(() => world.compute.length === 8);
    world.client.socket.destroy();
    await world.until(() => world.compute.isEnded);
    expect(world.compute.received).toEqual(QUERY.subarray(0, 8));
  });

  test('only by half, still reading, gets the answers to what it asked', async () => {
    await using world = await busyWorld();
    world.client.socket.end();
    await world.until(() => world.compute.isEnded);
    world.compute.send(DONE, READY);
    world.compute.socket.end();
    await world.until(() => world.client.isEnded);
    await world.until(() => world.ends.length > 0);
    expect(world.client.received).toEqual(Buffer.concat([DONE, READY]));
    expect([world.ends, world.cancels.length]).toEqual([[{ kind: 'clientGone' }], 0]);
    expect(world.clock.pending).toBe(0);
  });

  test('only by half has its query cancelled when that takes too long', async () => {
    await using world = await busyWorld();
    world.client.socket.end();
    await world.until(() => world.compute.isEnded);
    expect(world.cancels.length).toBe(0);
    await world.clock.advance(seconds(5));
    await world.until(() => world.cancels.length > 0 && world.client.isEnded);
    world.compute.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.ends).toEqual([{ kind: 'clientGone' }]);
  });

  test('by half where sockets cannot be half open is gone at once', async () => {
    await using world = await busyWorld({ reading: 'ordinary', allowHalfOpen: false });
    world.client.socket.end();
    await world.until(() => world.cancels.length > 0);
    expect(world.compute.received).toEqual(QUERY);
  });

  test('by a reset under a flood of rows is noticed, and the flood is over', async () => {
    await using world = await busyWorld();
    world.client.socket.pause();
    world.compute.send(Buffer.alloc(8 * 1024 * 1024, message('D', Buffer.alloc(1_000))));
    await world.until(() => world.sides.client.writableLength > BUFFERED_MAX);
    world.client.socket.resetAndDestroy();
    await world.until(() => world.cancels.length > 0 && world.sides.server.destroyed);
  });
});

describe('a compute that goes', () => {
  test('between messages is told to the client', async () => {
    await using world = await busyWorld();
    world.compute.socket.destroy();
    await world.until(() => world.client.isEnded);
    world.client.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.client.received).toEqual(LOST);
    expect(world.ends).toEqual([{ kind: 'backendGone', told: false }]);
  });

  test('within a message leaves the client what came, and no more', async () => {
    await using world = await busyWorld();
    const part = message('D', Buffer.alloc(500)).subarray(0, 300);
    world.compute.send(part);
    world.compute.socket.end();
    await world.until(() => world.client.isEnded);
    expect(world.client.received).toEqual(part);
  });

  test('with its own reason is not explained a second time', async () => {
    await using world = await RelayWorld.of();
    world.compute.send(FATAL);
    world.compute.socket.end();
    await world.until(() => world.client.isEnded);
    world.client.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.client.received).toEqual(FATAL);
    expect(world.ends).toEqual([{ kind: 'backendGone', told: true }]);
  });

  test('was gone before the relay began, which ends it at once', async () => {
    await using world = await RelayWorld.of();
    world.sides.server.destroy();
    await world.until(() => world.client.isEnded);
    expect(world.client.received).toEqual(LOST);
  });

  test('speaking nonsense is cut off, with nothing that came along with it', async () => {
    await using world = await busyWorld();
    world.compute.send(DONE, Buffer.from('D\0\0\0\x01'));
    await world.until(() => world.client.isEnded && world.compute.isEnded);
    expect([world.client.length, world.cancels.length]).toEqual([0, 1]);
  });
});

describe('a session that we end', () => {
  test('tells the client why, and its backend goodbye', async () => {
    await using world = await RelayWorld.of();
    world.relay.end(STOPPING);
    await world.until(() => world.client.isEnded && world.compute.isEnded);
    expect(world.client.received).toEqual(errorResponse(STOPPING));
    expect(world.compute.received).toEqual(TERMINATE);
    world.client.socket.end();
    world.compute.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.ends).toEqual([{ kind: 'ended', fault: STOPPING }]);
  });

  test('in the middle of a query has that cancelled', async () => {
    await using world = await busyWorld();
    world.relay.end(STOPPING);
    await world.until(() => world.cancels.length > 0 && world.client.isEnded);
    expect(world.client.received).toEqual(errorResponse(STOPPING));
  });

  test('in the middle of a row says nothing that would pass for a part of it', async () => {
    await using world = await busyWorld();
    const part = message('D', Buffer.alloc(500)).subarray(0, 300);
    world.compute.send(part);
    await world.until(() => world.client.length === part.length);
    world.relay.end(STOPPING);
    await world.until(() => world.client.isEnded);
    expect(world.client.received).toEqual(part);
  });

  test('is over after a while even if the client never closes', async () => {
    await using world = await RelayWorld.of();
    world.relay.end(STOPPING);
    await world.until(() => world.compute.isEnded);
    world.compute.socket.end();
    await world.turns();
    expect(world.ends).toEqual([]);
    await world.clock.advance(seconds(10));
    await world.until(() => world.ends.length > 0);
    expect(world.clock.pending).toBe(0);
  });

  test('ends once, for the first reason', async () => {
    await using world = await RelayWorld.of();
    world.relay.end(STOPPING);
    world.relay.end(fault('TENANT_DELETED', { tenant: 'acme' }));
    world.client.socket.destroy();
    world.compute.socket.destroy();
    await world.until(() => world.ends.length > 0);
    await world.turns();
    expect(world.ends).toEqual([{ kind: 'ended', fault: STOPPING }]);
  });

  test('still reads what the client sends, so that no reset takes our words away', async () => {
    await using world = await RelayWorld.of();
    world.client.socket.pause();
    world.relay.end(STOPPING);
    world.client.send(Buffer.alloc(8 * 1024 * 1024, QUERY));
    await world.until(() => world.client.socket.writableLength === 0);
    world.client.socket.resume();
    await world.until(() => world.client.isEnded);
    expect(world.client.received).toEqual(errorResponse(STOPPING));
  });
});

describe('a client that breaks the protocol', () => {
  test('is told so, and its backend is let go', async () => {
    await using world = await RelayWorld.of();
    world.client.send(QUERY);
    await world.until(() => world.compute.length === QUERY.length);
    world.compute.send(DONE, READY);
    await world.until(() => world.relay.isIdle);
    world.client.send(Buffer.from('Q\0\0\0\x01'));
    await world.until(() => world.client.isEnded && world.compute.isEnded);
    expect(world.client.received.toString()).toContain('C08P01');
    expect(world.compute.received).toEqual(QUERY);
  });
});

describe('cancel', () => {
  test('reaches the backend while it is at work, once at a time', async () => {
    await using world = await busyWorld();
    world.relay.cancel();
    world.relay.cancel();
    await world.until(() => (world.cancels[0]?.length ?? 0) >= CANCEL.length);
    await world.turns();
    expect(world.cancels.map(({ received }) => received)).toEqual([CANCEL]);
    expect(world.ends).toEqual([]);
  });

  test('does nothing when there is nothing to cancel', async () => {
    await using world = await RelayWorld.of();
    world.relay.cancel();
    await world.turns();
    expect(world.cancels.length).toBe(0);
  });

  test('keeps the session from being idle until it can hit nothing else', async () => {
    await using world = await busyWorld();
    world.relay.cancel();
    await world.until(() => world.cancels.length > 0);
    world.compute.send(DONE, READY);
    await world.until(() => !world.relay.isBusy);
    expect(world.relay.isIdle).toBe(false);
    world.cancels[0]?.socket.destroy();
    await world.until(() => world.relay.isIdle);
  });
});
