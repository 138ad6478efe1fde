import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Reading, RelayWorld } from '../testing/relay-world.ts';
import { STATUS } from '../wire/frames.ts';
import { message, readyForQuery, zeroTerminated } from '../wire/messages.ts';
import { BUFFERED_MAX, OUTSTANDING_MAX } from './relay-options.ts';

const QUERY = message('Q', zeroTerminated('select 1'));
const DONE = message('C', zeroTerminated('SELECT 1'));
const READY = readyForQuery(STATUS.idle);

/** As much as Node reads at once. */
const CHUNK_BYTES = 64 * 1024;

const READINGS: readonly Reading[] = ['direct', 'ordinary'];

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

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
