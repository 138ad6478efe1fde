import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FrameListener, FrameWalker, peeks } from './frames.ts';
import { message } from './messages.ts';

const LENGTH_MAX = 1_000_000;

/** Bytes of the body that the tests ask for, by type: `E` much, `C` some, `Z` one, `Q` none. */
/** More than the buffer for gathering begins with. */
const PEEK_MAX = 300;

const WANTED = { E: PEEK_MAX, C: 11, Z: 1, Q: 0 } as const;

const PEEKS = peeks(
  Object.fromEntries(Object.entries(WANTED).map(([type, n]) => [type.charCodeAt(0), n])),
);

type Seen = { readonly type: string; readonly body: string };

/** What a walker reports of `chunks`, and whether it could follow them and ended at a boundary. */
function walked(chunks: readonly Uint8Array[]) {
  const seen: Seen[] = [];
  const listener: FrameListener = {
    frame: (type, bytes, start, end) => {
      const body = Buffer.from(bytes.subarray(start, end)).toString('latin1');
      seen.push({ type: String.fromCharCode(type), body });
    },
  };
  const walker = new FrameWalker({ peeks: PEEKS, lengthMax: LENGTH_MAX, listener });
  const followed = chunks.every((chunk) => walker.walk(chunk, chunk.length));
  return { seen, followed, atBoundary: walker.atBoundary };
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

const STREAM = Buffer.concat([
  message('Q', text('select 1')),
  message('T', Buffer.alloc(30, 1)),
  message('D', Buffer.alloc(1_000, 'E')),
  message('D'),
  message('C', text('SELECT 1')),
  message('E', text('SERROR'), text('VERROR'), text('C42P01'), text('Mno'), Buffer.from([0])),
  message('E', Buffer.alloc(PEEK_MAX * 3, 'x')),
  message('Z', Buffer.from('I')),
  message('Q'),
]);

const WHOLE = {
  seen: [
    { type: 'Q', body: '' },
    { type: 'C', body: 'SELECT 1\0' },
    { type: 'E', body: 'SERROR\0VERROR\0C42P01\0Mno\0\0' },
    { type: 'E', body: 'x'.repeat(PEEK_MAX) },
    { type: 'Z', body: 'I' },
    { type: 'Q', body: '' },
  ],
  followed: true,
  atBoundary: true,
};

describe('frames', () => {
  test('the wanted messages are reported in order, with the wanted bytes of their bodies', () => {
    expect(walked([STREAM])).toEqual(WHOLE);
  });

  test('a stream cut anywhere gives the same frames', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      expect(walked([STREAM.subarray(0, cut), STREAM.subarray(cut)])).toEqual(WHOLE);
    }
  });

  test('a stream that comes byte by byte gives the same frames', () => {
    expect(walked(Array.from(STREAM, (byte) => Uint8Array.of(byte)))).toEqual(WHOLE);
  });

  test('bytes beyond the end of what was read are no part of the stream', () => {
    const buffer = Buffer.concat([STREAM, Buffer.alloc(500, 'Z')]);
    const seen: number[] = [];
    const listener = { frame: (type: number) => void seen.push(type) };
    const walker = new FrameWalker({ peeks: PEEKS, lengthMax: LENGTH_MAX, listener });
    expect(walker.walk(buffer, STREAM.length)).toBe(true);
    expect(seen.length).toBe(WHOLE.seen.length);
    expect(walker.atBoundary).toBe(true);
  });

  test('a message is reported as soon as the wanted bytes are there, not when it ends', () => {
    const query = message('Q', Buffer.alloc(100));
    const error = message('E', Buffer.alloc(PEEK_MAX + 10, 'e'));
    expect(walked([query.subarray(0, 5)])).toMatchObject({ seen: [{ type: 'Q' }] });
    expect(walked([query.subarray(0, 4)])).toMatchObject({ seen: [] });
    expect(walked([error.subarray(0, 4 + PEEK_MAX)])).toMatchObject({ seen: [] });
    expect(walked([error.subarray(0, 5 + PEEK_MAX)])).toMatchObject({
      seen: [{ type: 'E' }],
      atBoundary: false,
    });
  });

  test('a stream is at a boundary exactly between its messages', () => {
    const boundaries = new Set([0]);
    for (let at = 0; at < STREAM.length; boundaries.add(at)) at += 1 + STREAM.readUInt32BE(at + 1);
    for (let cut = 0; cut <= STREAM.length; cut++) {
      expect(walked([STREAM.subarray(0, cut)]).atBoundary).toBe(boundaries.has(cut));
    }
  });

  test.each([
    ['shorter than itself', 3],
    ['zero', 0],
    ['over the limit', LENGTH_MAX + 1],
    ['negative if it were signed', 0x80000000],
    ['the largest there is', 0xffffffff],
  ])('a length that is %s stops the walk, wherever it is cut', (_name, length) => {
    const bad = Buffer.from([0x51, 0, 0, 0, 0, 1, 2, 3]);
    bad.writeUInt32BE(length, 1);
    const stream = Buffer.concat([message('Z', Buffer.from('I')), bad]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const { seen, followed } = walked([stream.subarray(0, cut), stream.subarray(cut)]);
      expect({ seen, followed }).toEqual({ seen: [{ type: 'Z', body: 'I' }], followed: false });
    }
  });

  test('a length exactly at the limit is followed', () => {
    const long = Buffer.from([0x44, 0, 0, 0, 0]);
    long.writeUInt32BE(LENGTH_MAX, 1);
    const stream = [long, Buffer.alloc(LENGTH_MAX - 4), message('Z', Buffer.from('T'))];
    expect(walked(stream)).toEqual({
      seen: [{ type: 'Z', body: 'T' }],
      followed: true,
      atBoundary: true,
    });
  });

  test('any messages, in chunks of any sizes, give what they give in one piece', () => {
    const anyMessage = fc
      .tuple(fc.constantFrom('Q', 'D', 'C', 'E', 'Z', 'T'), fc.uint8Array({ maxLength: 300 }))
      .map(([type, body]) => message(type, body));
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    const check = fc.property(fc.array(anyMessage), sizes, (messages, chunkSizes) => {
      const stream = Buffer.concat(messages);
      const chunks: Buffer[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = chunkSizes[i % chunkSizes.length] ?? 1;
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(walked(chunks)).toEqual(walked([stream]));
      expect(walked([stream])).toMatchObject({ followed: true, atBoundary: true });
    });
    fc.assert(check, { seed: 1, numRuns: 300 });
  });

  test('noise is followed or refused, in whatever pieces, and always alike', () => {
    const check = fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), (noise, cut) => {
      const whole = walked([noise]);
      const pieces = walked([noise.subarray(0, cut), noise.subarray(cut)]);
      expect(pieces).toEqual(whole);
    });
    fc.assert(check, { seed: 2, numRuns: 500 });
  });
});
