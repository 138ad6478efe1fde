import { describe, expect, test } from 'vitest';
import { FRAME_BYTES_MAX, FrameReader, frameOf } from './frames.ts';

const messages = [{ kind: 'word', args: ['ä', null] }, 1, [], { deep: { list: [1, 2, 3] } }];
const bytes = Buffer.concat(messages.map(frameOf));

describe('messages come out as they went in', () => {
  test('wherever the stream is cut', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new FrameReader();
      const read = [...reader.read(bytes.subarray(0, cut)), ...reader.read(bytes.subarray(cut))];
      expect(read).toEqual(messages);
    }
  });

  test('byte by byte', () => {
    const reader = new FrameReader();
    const read = [...bytes].flatMap((byte) => reader.read(Buffer.of(byte)));
    expect(read).toEqual(messages);
  });
});

describe('nobody is made to hold what is none of ours', () => {
  test('a length that is too great is refused before its bytes come', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(FRAME_BYTES_MAX + 1);
    expect(() => new FrameReader().read(header)).toThrow(RangeError);
  });

  test('so is a message of nothing, and one that is no JSON', () => {
    expect(() => new FrameReader().read(Buffer.alloc(4))).toThrow(RangeError);
    expect(() => new FrameReader().read(Buffer.from('\0\0\0\x02{]'))).toThrow(SyntaxError);
  });

  test('a message that is too long is not sent', () => {
    expect(() => frameOf('x'.repeat(FRAME_BYTES_MAX))).toThrow(RangeError);
  });
});
