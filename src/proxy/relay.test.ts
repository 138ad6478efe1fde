import { describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import { RelayWorld, type RelayWorldOptions } from '../testing/relay-world.ts';
import { cancelRequest } from '../wire/cancel-request.ts';
import { errorResponse, failureResponse } from '../wire/error-response.ts';
import { STATUS } from '../wire/frames.ts';
import { message, readyForQuery, zeroTerminated } from '../wire/messages.ts';
import { BUFFERED_MAX } from './relay-options.ts';

const QUERY = message('Q', zeroTerminated('select 1'));
const DONE = message('C', zeroTerminated('SELECT 1'));
const READY = readyForQuery(STATUS.idle);
const TERMINATE = message('X');
const FATAL = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mstopping\0\0'));

const LOST = errorResponse(fault('COMPUTE_LOST', { tenant: 'acme' }));
const STOPPING = fault('SERVER_STOPPING', {});
const CANCEL = cancelRequest({ processId: 7, secret: Buffer.from([1, 2, 3, 4]) });

/** A world whose compute is at work on a query. */
async function busyWorld(options: RelayWorldOptions = {}): Promise<RelayWorld> {
  const world = await RelayWorld.of(options);
  world.client.send(QUERY);
  await world.until(() => world.compute.length === QUERY.length);
  return world;
}

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
    await world.until(() => world.clock.pending === 0);
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
  test('between messages fails the query, and the session goes on', async () => {
    await using world = await busyWorld();
    world.compute.socket.destroy();
    const lost = fault('TRANSACTION_LOST', { tenant: 'acme' });
    const told = Buffer.concat([failureResponse(lost), readyForQuery(STATUS.idle)]);
    await world.until(() => world.client.length >= told.length);
    expect(world.client.received).toEqual(told);
    expect([world.client.isEnded, world.relay.parking.kind]).toEqual([false, 'parked']);
  });

  test('with a state that is not known for certain ends the session', async () => {
    await using world = await busyWorld();
    world.compute.send(message('C', Buffer.from('SET\0')), readyForQuery(STATUS.idle));
    await world.until(() => world.client.length > 0 && world.relay.parking.isTouched);
    const before = world.client.length;
    world.compute.socket.destroy();
    await world.until(() => world.client.isEnded);
    world.client.socket.end();
    await world.until(() => world.ends.length > 0);
    expect(world.client.received.subarray(before)).toEqual(LOST);
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

  test('was gone before the client said anything, who need not know', async () => {
    await using world = await RelayWorld.of();
    world.sides.server.destroy();
    await world.until(() => world.relay.parking.kind === 'parked');
    expect([world.client.length, world.client.isEnded]).toEqual([0, false]);
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
    void world.relay.cancel();
    void world.relay.cancel();
    await world.until(() => (world.cancels[0]?.length ?? 0) >= CANCEL.length);
    await world.turns();
    expect(world.cancels.map(({ received }) => received)).toEqual([CANCEL]);
    expect(world.ends).toEqual([]);
  });

  test('does nothing when there is nothing to cancel', async () => {
    await using world = await RelayWorld.of();
    void world.relay.cancel();
    await world.turns();
    expect(world.cancels.length).toBe(0);
  });

  test('keeps the session from being idle until it can hit nothing else', async () => {
    await using world = await busyWorld();
    void world.relay.cancel();
    await world.until(() => world.cancels.length > 0);
    world.compute.send(DONE, READY);
    await world.until(() => !world.relay.isBusy);
    expect(world.relay.isIdle).toBe(false);
    world.cancels[0]?.socket.destroy();
    await world.until(() => world.relay.isIdle);
  });
});
