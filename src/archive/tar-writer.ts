/** The headers of a tar of plain files and directories, which every tar can read. Source: as tar-reader.ts. */

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export type TarHead = {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly changedAt: number;
};

export function tarHeader({ name, kind, size, changedAt }: TarHead): Buffer {
  const block = Buffer.alloc(BLOCK);
  const isDirectory = kind === 'directory';
  const [prefix, rest] = divided(isDirectory ? `${name}/` : name);
  block.write(rest, 0, 'latin1');
  block.write(octal(isDirectory ? DIRECTORY_MODE : FILE_MODE, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(size, 12), 124, 'latin1');
  block.write(octal(Math.floor(changedAt / 1_000), 12), 136, 'latin1');
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(isDirectory ? '5' : '0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148, 'latin1');
  return block;
}

/** What fills the last block of a file of `size` bytes. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK);

/** A name that is too long for its field goes on in another, at a `/`. */
function divided(name: string): readonly [prefix: string, rest: string] {
  if (name.length <= NAME_BYTES) return ['', name];
  const at = name.indexOf('/', name.length - NAME_BYTES - 1);
  if (at <= 0 || at > PREFIX_BYTES || at === name.length - 1) {
    throw new Error('a name is too long for a tar');
  }
  return [name.slice(0, at), name.slice(at + 1)];
}

/** With a zero behind it. */
const octal = (number: number, bytes: number): string =>
  `${number.toString(8).padStart(bytes - 1, '0')}\0`;
