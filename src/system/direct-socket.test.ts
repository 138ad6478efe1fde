import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DirectSocket, SHARED_BYTES } from '../domain/direct-socket.ts';
import { dialDirect, directly } from './direct-socket.ts';

let directory: string;
let server: Server;
let path: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'direct-'));
  path = join(directory, 's');
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(path);
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

/** Both ends of one connection as direct sockets: the one that dialled, and the one accepted. */
async function pair(): Promise<readonly [DirectSocket, DirectSocket]> {
  const accepted = once(server, 'connection');
  const dialled = dialDirect(path);
  const [[socket]] = (await Promise.all([accepted, once(dialled, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const pair = [dialled, directly(socket) as DirectSocket] as const;
  sockets.push(...pair);
  return pair;
}

test.each([
  ['dialled', 0],
  ['accepted', 1],
])('an ordinary reader of a %s socket gets data and the end', async (_name, side) => {
  const ends = await pair();
  const [reader, writer] = [ends[side], ends[1 - side]] as [DirectSocket, DirectSocket];
  writer.end('all of it');
  expect(await textOf(reader)).toBe('all of it');
});

test('what came before the receiver was set comes first, in order', async () => {
  const [dialled, accepted] = await pair();
  dialled.write('early ');
  await once(accepted, 'readable');
  accepted.pause();
  const received: string[] = [];
  const done = new Promise<void>((resolve) => accepted.once('end', resolve));
  accepted.on('data', (chunk: Buffer) => received.push(chunk.toString()));
  accepted.directReads.receiver = (buffer, end) => {
    received.push(buffer.toString('latin1', 0, end));
    return false;
  };
  accepted.resume();
  dialled.end('late');
  await done;
  expect(received.join('')).toBe('early late');
});

test('small reads share one small buffer, large ones one large, and small ones a small again', async () => {
  const [dialled, accepted] = await pair();
  const buffers: Buffer[] = [];
  let bytes = 0;
  accepted.directReads.receiver = (buffer, end) => {
    if (buffers.at(-1) !== buffer) buffers.push(buffer);
    bytes += end;
    return false;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  const small = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const before = bytes;
      dialled.write('few');
      while (bytes === before) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await small(20);
  dialled.write(Buffer.alloc(1_000_000));
  while (bytes < 1_000_060) await new Promise((resolve) => setImmediate(resolve));
  await small(100);
  dialled.end();
  await ended;
  expect(buffers.map(({ length }) => length)).toEqual([8_192, 65_536, 8_192]);
  expect(bytes).toBe(1_000_360);
});

test('a buffer that is kept is not read into again, and the shared one is copied', async () => {
  const [dialled, accepted] = await pair();
  const kept: Buffer[] = [];
  accepted.directReads.receiver = (buffer, end) => {
    const isShared = buffer.length === SHARED_BYTES;
    kept.push(isShared ? Buffer.from(buffer.subarray(0, end)) : buffer.subarray(0, end));
    return !isShared;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  dialled.end(sent);
  await ended;
  expect(Buffer.concat(kept).equals(sent)).toBe(true);
});

test('a paused socket is not read, and the writer feels it', async () => {
  const [dialled, accepted] = await pair();
  let bytes = 0;
  accepted.directReads.receiver = (_buffer, end) => {
    bytes += end;
    accepted.pause();
    return false;
  };
  accepted.resume();
  // More than any socket buffer holds by default.
  dialled.end(Buffer.alloc(8 * 1024 * 1024));
  while (bytes === 0) await new Promise((resolve) => setImmediate(resolve));
  const atPause = bytes;
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(bytes).toBe(atPause);
  expect(dialled.writableLength).toBeGreaterThan(0);
  accepted.directReads.receiver = (_buffer, end) => {
    bytes += end;
    return false;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  await ended;
  expect(bytes).toBe(8 * 1024 * 1024);
});

test('the server counts a socket taken over as gone, so that closing waits for nobody', async () => {
  const [dialled] = await pair();
  expect(await new Promise((resolve) => server.getConnections((_e, n) => resolve(n)))).toBe(0);
  dialled.destroy();
});

test('the other side closing without a word is an end and a close', async () => {
  const [dialled, accepted] = await pair();
  const closed = once(dialled, 'close');
  const ended = once(dialled, 'end');
  dialled.directReads.receiver = () => false;
  dialled.resume();
  accepted.destroy();
  await Promise.all([ended, closed]);
  expect(dialled.destroyed).toBe(true);
});

test('a socket without the handle is returned as it is', () => {
  const socket = connect({ path: join(directory, 'none') });
  socket.on('error', () => {});
  socket.destroy();
  expect(directly(socket)).toBe(socket);
});

describe('forward', () => {
  test.each([
    ['dialled', 0],
    ['accepted', 1],
  ])(
    'from a %s socket keeps the order among writes of all kinds and sizes',
    async (_name, side) => {
      const ends = await pair();
      const [from, to] = [ends[side], ends[1 - side]] as [DirectSocket, DirectSocket];
      // As good as random, and large enough to fill the kernel's buffers.
      const sizes = Array.from({ length: 400 }, (_, i) => 1 + ((i * 7_919) % (3 * SHARED_BYTES)));
      const received: Buffer[] = [];
      to.on('data', (chunk: Buffer) => received.push(chunk));
      const sent: Buffer[] = [];
      let own = Buffer.alloc(3 * SHARED_BYTES);
      for (const [i, size] of sizes.entries()) {
        const bytes = Buffer.alloc(size, `${i} `);
        sent.push(bytes);
        if (i % 7 === 0) from.write(bytes);
        else {
          bytes.copy(own);
          const isKept = from.directWrites.forward(own, size);
          if (isKept) own = Buffer.alloc(own.length);
          else own.fill(0);
        }
        // The reader stands still for a while, twice, until the kernel takes no more.
        if (i % 150 === 20) to.pause();
        if (i % 150 === 140) {
          expect(from.writableNeedDrain).toBe(true);
          to.resume();
          await once(from, 'drain');
        }
      }
      to.resume();
      from.end();
      await once(to, 'end');
      expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
    },
  );

  test('what the kernel does not take counts as unsent, and drains', async () => {
    const [dialled, accepted] = await pair();
    const large = Buffer.alloc(256 * 1024, 'large');
    let sent = 0;
    let isKept = false;
    while (dialled.writableLength === 0) {
      isKept = dialled.directWrites.forward(large, large.length);
      sent += large.length;
    }
    expect(isKept).toBe(true);
    expect(dialled.writableLength).toBe(large.length);
    const few = Buffer.from('few');
    expect(dialled.directWrites.forward(few, few.length)).toBe(false);
    expect(dialled.writableLength).toBe(large.length + few.length);
    let received = 0;
    accepted.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    await once(dialled, 'drain');
    expect(dialled.writableLength).toBe(0);
    dialled.end();
    await once(accepted, 'end');
    expect(received).toBe(sent + few.length);
  });

  test('what was read into the shared buffer and has to wait is safe from later reads', async () => {
    const [source, through] = [await pair(), await pair()];
    let forwarded = 0;
    source[1].directReads.receiver = (buffer, end) => {
      expect(buffer).toHaveLength(SHARED_BYTES);
      forwarded += end;
      return through[0].directWrites.forward(buffer, end);
    };
    source[1].resume();
    let sent = 0;
    // Beyond the first that has to wait.
    for (let more = 0; more < 10; more += through[0].writableLength > 0 ? 1 : 0) {
      const bytes = Buffer.alloc(1_000, `${sent} `);
      source[0].write(bytes);
      sent += bytes.length;
      while (forwarded < sent) await new Promise((resolve) => setImmediate(resolve));
    }
    through[0].end();
    const expected = Array.from({ length: sent / 1_000 }, (_, i) =>
      Buffer.alloc(1_000, `${i * 1_000} `),
    );
    expect(await textOf(through[1])).toBe(Buffer.concat(expected).toString());
  });

  test('before the connection is made waits for it', async () => {
    const accepted = once(server, 'connection');
    const dialled = dialDirect(path);
    const bytes = Buffer.from('first');
    expect(dialled.directWrites.forward(bytes, bytes.length)).toBe(false);
    bytes.fill(0);
    dialled.end();
    const [socket] = (await accepted) as [Socket];
    sockets.push(dialled, socket);
    expect(await textOf(directly(socket))).toBe('first');
  });

  test('stays behind what is corked', async () => {
    const [dialled, accepted] = await pair();
    const text = textOf(accepted);
    dialled.cork();
    dialled.write('one ');
    dialled.directWrites.forward(Buffer.from('two'), 3);
    dialled.uncork();
    dialled.end();
    expect(await text).toBe('one two');
  });

  test('to one that has gone is an error and a close, as a write is', async () => {
    const [dialled, accepted] = await pair();
    accepted.destroy();
    await once(accepted, 'close');
    const closed = closedBy(dialled);
    dialled.directWrites.forward(Buffer.from('few'), 3);
    expect(await closed).toMatchObject({ code: 'EPIPE', syscall: 'write' });
  });

  test('that waits when its socket is destroyed ends with it', async () => {
    const [dialled, accepted] = await pair();
    const large = Buffer.alloc(256 * 1024);
    while (dialled.writableLength === 0) dialled.directWrites.forward(large, large.length);
    const closed = once(dialled, 'close');
    dialled.destroy();
    const [hadError] = await closed;
    expect(hadError).toBe(false);
    // Nobody has been hurt: another write from the same memory works.
    const [again, reader] = await pair();
    again.directWrites.forward(large, 10);
    again.end();
    expect(await textOf(reader)).toHaveLength(10);
    accepted.destroy();
  });

  test('that waits when the other side goes fails', async () => {
    const [dialled, accepted] = await pair();
    const large = Buffer.alloc(256 * 1024);
    while (dialled.writableLength === 0) dialled.directWrites.forward(large, large.length);
    const closed = closedBy(dialled);
    accepted.destroy();
    expect((await closed)?.code).toBeOneOf(['EPIPE', 'ECONNRESET']);
  });
});

test('what was read into the shared buffer is written from one place', async () => {
  const [source, through] = [await pair(), await pair()];
  const written: Uint8Array[] = [];
  const { _handle: handle } = through[0] as unknown as { _handle: { writeBuffer: WriteBuffer } };
  const { writeBuffer } = handle;
  handle.writeBuffer = function (request, chunk) {
    written.push(chunk);
    return writeBuffer.call(this, request, chunk);
  };
  source[1].directReads.receiver = (buffer, end) => through[0].directWrites.forward(buffer, end);
  source[1].resume();
  for (let i = 1; i <= 20; i++) {
    source[0].write(Buffer.alloc(100));
    while (written.length < i) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(new Set(written).size).toBe(1);
  through[0].end();
  expect(await textOf(through[1])).toHaveLength(2_000);
});

type WriteBuffer = (this: unknown, request: object, chunk: Uint8Array) => number;

/** Resolves when `socket` is closed, with the error that was the reason. */
function closedBy(socket: Socket): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    let reason: NodeJS.ErrnoException | undefined;
    socket.once('error', (error) => {
      reason = error;
    });
    socket.once('close', () => resolve(reason));
  });
}

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
