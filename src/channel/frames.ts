/**
 * Messages on a byte stream: four bytes of length, big-endian, then that many of JSON.
 *
 * JSON, since a call costs a few microseconds of it and the socket's turn round costs fifty.
 */

/** A list of ten thousand sessions fits; whoever announces more is not one of us. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;

const HEADER_BYTES = 4;

/** Throws `RangeError` if the message is too long to be sent. */
export function frameOf(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const length = Buffer.byteLength(text);
  if (length > FRAME_BYTES_MAX) throw new RangeError(`a message of ${length} bytes`);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32BE(length, 0);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/** Puts messages together from the chunks of a stream, wherever those were cut. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes needed to go on: a header, or a header and its body. */
  #wanted = HEADER_BYTES;

  /** The messages that `chunk` completes. Throws on a length or a text that can be none of ours. */
  read(chunk: Buffer): readonly unknown[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return [];
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const messages: unknown[] = [];
    for (;;) {
      this.#wanted = wantedFor(bytes);
      if (bytes.length < this.#wanted) break;
      if (this.#wanted === HEADER_BYTES) throw new RangeError('a message of no bytes');
      messages.push(JSON.parse(bytes.toString('utf8', HEADER_BYTES, this.#wanted)));
      bytes = bytes.subarray(this.#wanted);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#held = bytes.length;
    return messages;
  }
}

function wantedFor(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) return HEADER_BYTES;
  const length = bytes.readUInt32BE(0);
  if (length > FRAME_BYTES_MAX) throw new RangeError(`a message of ${length} bytes`);
  return HEADER_BYTES + length;
}
