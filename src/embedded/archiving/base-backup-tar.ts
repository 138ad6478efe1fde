/**
 * Reads the tar archive of a base backup, piece by piece.
 *
 * PostgreSQL writes plain `ustar` headers: names of up to 99 bytes, sizes in octal, or in base 256
 * where they do not fit. Whatever else a tar may hold is refused; links foremost, by which a tenant
 * could name files that are not its own. Source: PostgreSQL `src/port/tar.c`, POSIX.1-2024 `pax`.
 */
import type { SourceEntry } from '../../domain/archive.ts';

const BLOCK = 512;

const NAME = [0, 100] as const;
const SIZE = [124, 136] as const;
const TYPE_AT = 156;
const MAGIC = [257, 262] as const;
const PREFIX = [345, 500] as const;

/** In the first byte of a size: the rest is a binary number, the highest byte first. */
const BASE_256 = 0x80;

/** Takes exact amounts from a stream of pieces. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Between 1 and `max` bytes, or undefined at the end. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** The next `length` bytes, or undefined if the stream has ended right before them. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const piece = await this.some(missing);
      if (!piece && missing === length) return undefined;
      if (!piece) throw endsEarly();
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) {
      const piece = await this.some(missing);
      if (!piece) throw endsEarly();
      missing -= piece.length;
    }
  }

  /** Reads on to the end, where a failure of the source is thrown. */
  async drain(): Promise<void> {
    while (await this.some(Number.MAX_SAFE_INTEGER));
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

const endsEarly = (): Error => new Error('the backup ends in the middle of a file');

/** The files and directories in the archive. What of a file's content is not read is skipped. */
export async function* entriesOfTar(archive: AsyncIterable<Buffer>): AsyncGenerator<SourceEntry> {
  const pieces = new Pieces(archive);
  try {
    for (;;) {
      const block = await pieces.exactly(BLOCK);
      if (!block) throw new Error('the backup ends without saying so');
      if (block.every((byte) => byte === 0)) break;
      const header = headerOf(block);
      const content = new Content(pieces, header.size);
      yield { ...header, content };
      await content.finish();
    }
    await pieces.drain();
  } finally {
    await pieces.close();
  }
}

/** The bytes of one entry; they can be read once, and not after the next entry was asked for. */
class Content implements AsyncIterable<Uint8Array> {
  readonly #pieces: Pieces;
  readonly #padding: number;
  #missing: number;

  constructor(pieces: Pieces, size: number) {
    this.#pieces = pieces;
    this.#missing = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.#missing > 0) {
      const piece = await this.#pieces.some(this.#missing);
      if (!piece) throw endsEarly();
      this.#missing -= piece.length;
      yield piece;
    }
  }

  async finish(): Promise<void> {
    await this.#pieces.skip(this.#missing + this.#padding);
    this.#missing = 0;
  }
}

type Header = Omit<SourceEntry, 'content'>;

function headerOf(block: Buffer): Header {
  if (textOf(block, MAGIC) !== 'ustar') throw new Error('the backup is no tar archive');
  const name = textOf(block, NAME);
  if (textOf(block, PREFIX) !== '') throw new Error('the backup holds a name that is too long');
  const path = name.replace(/^\.\//, '').replace(/\/$/, '');
  const size = sizeOf(block);
  switch (String.fromCharCode(block[TYPE_AT] ?? 0)) {
    case '5':
      return { path, kind: 'directory', size: 0 };
    case '0':
    case '\0':
      return { path, kind: 'file', size };
    default:
      throw new Error('the backup holds something that is neither a file nor a directory');
  }
}

function textOf(block: Buffer, [from, to]: readonly [number, number]): string {
  const field = block.subarray(from, to);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function sizeOf(block: Buffer): number {
  const field = block.subarray(...SIZE);
  const isBinary = ((field[0] ?? 0) & BASE_256) !== 0;
  const size = isBinary
    ? Number(field.readBigUInt64BE(field.length - 8))
    : Number(`0o${textOf(block, SIZE).trim()}`);
  if (Number.isSafeInteger(size)) return size;
  throw new Error('the backup holds a file of no sensible size');
}
