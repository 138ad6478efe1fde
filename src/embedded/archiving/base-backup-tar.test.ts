import { type Header, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { entriesOfTar } from './base-backup-tar.ts';

type Packed = Partial<Header> & Pick<Header, 'name'>;

/** An archive of these entries, as another program writes it. */
async function tarOf(entries: readonly (readonly [Packed, string?])[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content = ''] of entries) tar.entry(header, content);
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar as AsyncIterable<Uint8Array>) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** The bytes in pieces of `length`. */
async function* cut(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Each entry with its content; of those that `skips` names only `part` bytes are read. */
async function read(archive: AsyncIterable<Buffer>, skips: readonly string[] = []) {
  const found: (readonly [path: string, kind: string, content: string])[] = [];
  for await (const { path, kind, size, content } of entriesOfTar(archive)) {
    let text = '';
    for await (const piece of content) {
      text += Buffer.from(piece).toString();
      if (skips.includes(path)) break;
    }
    if (!skips.includes(path)) expect(text.length).toBe(size);
    found.push([path, kind, text]);
  }
  return found;
}

const ENTRIES = [
  [{ name: 'backup_label' }, 'START'],
  [{ name: './base/', type: 'directory' }],
  [{ name: 'base/5', type: 'directory' }],
  [{ name: 'base/5/1259' }, 'x'.repeat(1_000)],
  [{ name: 'base/5/empty' }],
  [{ name: 'global/pg_control' }, 'y'.repeat(512)],
] as const;

const READ = [
  ['backup_label', 'file', 'START'],
  ['base', 'directory', ''],
  ['base/5', 'directory', ''],
  ['base/5/1259', 'file', 'x'.repeat(1_000)],
  ['base/5/empty', 'file', ''],
  ['global/pg_control', 'file', 'y'.repeat(512)],
];

test('files and directories are read, wherever the stream is cut', async () => {
  const tar = await tarOf(ENTRIES);
  for (const length of [1, 2, 3, 7, 511, 512, 513, 1_000, tar.length]) {
    expect(await read(cut(tar, length))).toEqual(READ);
  }
});

test('what is not read of a file is skipped', async () => {
  const tar = await tarOf(ENTRIES);
  const names = (await read(cut(tar, 64), ['base/5/1259'])).map(([path]) => path);
  expect(names).toEqual(READ.map(([path]) => path));
});

test('a size beyond what octal digits can say is read', async () => {
  const size = 9 * 1024 ** 3;
  const [header] = await headerOf({ name: 'base/5/1259', size: 5 });
  header?.fill(0, 124, 136);
  header?.writeUInt8(0x80, 124);
  header?.writeBigUInt64BE(BigInt(size), 128);
  const entries = entriesOfTar(cut(header ?? Buffer.alloc(0), 512));
  expect((await entries.next()).value).toMatchObject({ path: 'base/5/1259', size });
  await entries.return(undefined);
});

const headerOf = async (header: Packed): Promise<Buffer[]> => {
  const tar = await tarOf([[{ ...header, size: 0 }]]);
  return [tar.subarray(0, 512)];
};

test.each([
  [
    'a link',
    { name: 'base/5/1259', type: 'symlink', linkname: '/etc/passwd' },
    'neither a file nor',
  ],
  ['a hard link', { name: 'base/5/1', type: 'link', linkname: 'base/5/2' }, 'neither a file nor'],
  ['a pipe', { name: 'base/5/1', type: 'fifo' }, 'neither a file nor'],
  [
    'a name of another format',
    { name: `${'d'.repeat(90)}/${'n'.repeat(90)}` },
    'a name that is too long',
  ],
] as const)('%s is refused', async (_, header, why) => {
  await expect(read(cut(await tarOf([[header]]), 512))).rejects.toThrow(why);
});

test('an archive that is cut off is no archive, at any place', async () => {
  const tar = await tarOf(ENTRIES);
  const end = tar.length - 1_024;
  for (const length of [0, 100, 512, 515, 1_024, end - 1, end]) {
    await expect(read(cut(tar.subarray(0, length), 64)), `${length}`).rejects.toThrow(
      /the backup ends/,
    );
  }
});

test('what fails behind the last entry fails the whole', async () => {
  const tar = await tarOf(ENTRIES);
  async function* failing(): AsyncGenerator<Buffer> {
    yield tar;
    throw new Error('checksum verification failure during base backup');
  }
  await expect(read(failing())).rejects.toThrow('checksum verification failure');
});

test('something else than an archive is refused', async () => {
  await expect(read(cut(Buffer.alloc(2_048, 'z'), 100))).rejects.toThrow('no tar archive');
});
