/**
 * Reads a tar of plain files and directories that a stranger may have made. All else that a tar can
 * hold is refused: links, devices, and headers that come before others and may be of any length.
 * Source: POSIX.1-2017, `pax`, "ustar Interchange Format".
 */
import { ExactReader } from './exact-reader.ts';

export type TarEntry = {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly size: number;
  /** Must be read to its end before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
};

/** The file is not such a tar. */
export class TarRefusal extends Error {
  override readonly name = 'TarRefusal';
}

const BLOCK = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;

export async function* tarEntries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ExactReader(bytes, () => new TarRefusal('it is cut short'));
  const block = Buffer.alloc(BLOCK);
  for (;;) {
    await reader.fill(block);
    if (block.every((byte) => byte === 0)) break;
    const header = parseHeader(block);
    let left = header.size;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      while (left > 0) {
        const some = await reader.upTo(left);
        left -= some.length;
        yield some;
      }
    };
    yield { ...header, content: content() };
    if (left > 0) throw new Error('an entry of a tar was not read');
    const padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
    await reader.fill(Buffer.alloc(padding));
  }
  await onlyZeros(reader);
}

/** Behind the end there may be blocks of zeros, as many as its maker likes. */
async function onlyZeros(reader: ExactReader): Promise<void> {
  while (!(await reader.isAtEnd())) {
    const some = await reader.upTo(BLOCK);
    if (some.some((byte) => byte !== 0)) throw new TarRefusal('it goes on behind its end');
  }
}

function parseHeader(block: Buffer): Omit<TarEntry, 'content'> {
  mustMatch(block);
  const name = text(block, 0, 100);
  const isUstar = text(block, 257, 6).startsWith('ustar');
  const prefix = isUstar ? text(block, 345, 155) : '';
  const kind = kindOf(String.fromCharCode(block[156] ?? 0));
  const size = number(block, 124, 12);
  if (kind === 'directory' && size !== 0) throw new TarRefusal('it holds a directory with a size');
  const path = prefix === '' ? name : `${prefix}/${name}`;
  return { name: kind === 'directory' ? path.replace(/\/$/, '') : path, kind, size };
}

function mustMatch(block: Buffer): void {
  let sum = 0;
  for (const [at, byte] of block.entries()) {
    sum += at >= CHECKSUM_AT && at < CHECKSUM_END ? 0x20 : byte;
  }
  if (number(block, CHECKSUM_AT, 8) !== sum) throw new TarRefusal('it is damaged, or no tar');
}

function kindOf(flag: string): TarEntry['kind'] {
  if (flag === '0' || flag === '\0') return 'file';
  if (flag === '5') return 'directory';
  throw new TarRefusal('it holds what is neither a file nor a directory, or has too long a name');
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? length : end);
}

function number(block: Buffer, from: number, length: number): number {
  const digits = text(block, from, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw new TarRefusal('it is damaged, or no tar');
  return Number.parseInt(digits, 8);
}
