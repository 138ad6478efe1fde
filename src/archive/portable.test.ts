import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { isFault } from '../domain/faults.ts';
import {
  type ArchiveWorld,
  archiveWorld,
  type Content,
  controlFile,
  dataContent,
  holderOf,
  noise,
  OTHER,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';
import { tarHeader, tarPadding } from './tar-writer.ts';

const NEVER = new AbortController().signal;
const INTO = refOf(OTHER, 1, OTHER);
const TARGET = { ...INTO, name: 'moved', notes: { by: 'import' } };

async function exported(world: ArchiveWorld): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const bytes of world.archive.export(refOf(TENANT, 1))) parts.push(bytes);
  return Buffer.concat(parts);
}

/** In pieces, as a network gives it. */
async function* pieces(file: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += 60_001) yield file.subarray(at, at + 60_001);
}

const imported = (world: ArchiveWorld, file: Buffer) =>
  world.archive.import(TARGET, pieces(file), NEVER);

/** Why it was refused; fails if it was not, or in any other way. */
async function refusal(world: ArchiveWorld, file: Buffer): Promise<string> {
  const error = await imported(world, file).then(
    () => new Error('it was taken'),
    (error: unknown) => error,
  );
  if (!isFault(error, 'BAD_IMPORT')) throw error;
  expect(await world.list(OTHER, OTHER)).toEqual([]);
  expect([...world.memory.objects.keys()].filter((key) => key.includes(`${OTHER}/packs/`))).toEqual(
    [],
  );
  return error.message;
}

const HEAD = {
  format: 1,
  engine: {},
  origin: TENANT,
  taken: 'stopped',
  taken_at: 0,
  logical_bytes: 0,
  files: 0,
  notes: { owner: 'acme' },
};

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];
type Item = readonly [header: Header, content: Buffer | string];

/** A portable file with right sums, unless items say otherwise. */
async function forged(
  content: Content,
  more: readonly Item[] = [],
  head: object = HEAD,
): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'dynabase.json' }, JSON.stringify(head));
  const sums: string[] = [];
  for (const [path, bytes] of content) {
    if (bytes === null) tar.entry({ name: `data/${path}`, type: 'directory' });
    else {
      tar.entry({ name: `data/${path}` }, bytes);
      sums.push(`${createHash('sha256').update(bytes).digest('hex')}  data/${path}\n`);
    }
  }
  for (const [header, bytes] of more) tar.entry(header, bytes);
  tar.entry({ name: 'SHA256SUMS' }, sums.join(''));
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const bytes of tar) parts.push(bytes as Buffer);
  return zstdCompressSync(Buffer.concat(parts));
}

test('a file that was exported comes back in another installation', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(3_000_000, 5));
  await world.save(refOf(TENANT, 1));
  const file = await exported(world);
  await using other = await archiveWorld();
  await other.open({ masterKey: noise(32, 5) });
  const snapshot = await imported(other, file);
  expect(snapshot).toMatchObject({ name: 'moved', taken: 'stopped', damage: null });
  const { loaded, content } = await other.loaded(INTO);
  expect(content).toEqual(await readContent(world.data));
  expect(loaded).toMatchObject({ origin: TENANT, notes: { of: TENANT, by: 'import' } });
});

test('a damaged snapshot is not exported as if it were good', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(3_000_000, 5));
  await world.save(refOf(TENANT, 1));
  const key = [...world.memory.objects.keys()].find((key) =>
    key.startsWith(`vaults/${TENANT}/packs`),
  );
  const kept = world.memory.objects.get(key ?? '');
  kept?.bytes.fill(7, 2_000_000, 2_000_100);
  await expect(exported(world)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  expect((await world.archive.list(holderOf(TENANT)))[0]?.damage).not.toBeNull();
});

test('settings of a file are not taken over: they may name programs', async () => {
  await using world = await archiveWorld();
  const content = dataContent();
  const evil = Buffer.from("archive_command = 'rm -rf /'");
  await imported(
    world,
    await forged(new Map([...content, ['postgresql.auto.conf', evil], ['postgresql.conf', evil]])),
  );
  const { content: loaded } = await world.loaded(INTO);
  expect(loaded).toEqual(new Map([...content].sort()));
});

test('a file is refused wherever it is cut', async () => {
  await using world = await archiveWorld();
  const file = await forged(dataContent());
  for (const part of [0, 0.001, 0.3, 0.7, 0.999]) {
    expect(await refusal(world, file.subarray(0, Math.floor(file.length * part)))).toMatch(
      'cannot be imported',
    );
  }
  const plain = zstdDecompressSync(file);
  const cut = zstdCompressSync(plain.subarray(0, plain.length - 1_200));
  expect(await refusal(world, cut)).toMatch(/lacks SHA256SUMS|cut short/);
});

test('a file is refused whichever byte of it is changed', async () => {
  await using world = await archiveWorld();
  const plain = zstdDecompressSync(await forged(dataContent()));
  for (let at = 100; at < plain.length; at += Math.floor(plain.length / 12)) {
    const changed = Buffer.from(plain);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x55, at);
    const error = await imported(world, zstdCompressSync(changed)).catch((error: unknown) => error);
    // What lies between the entries means nothing.
    if (isFault(error, 'BAD_IMPORT')) continue;
    expect(await world.load(INTO)).toEqual(new Map([...dataContent()].sort()));
    await world.archive.forget(holderOf(OTHER, OTHER));
  }
});

const more = (header: Header, content = ''): readonly Item[] => [[header, content]];
const without = (path: string): Content => {
  const content = dataContent();
  content.delete(path);
  return content;
};

test.each<readonly [string, () => Promise<Buffer>, string | RegExp]>([
  ['is no archive at all', async () => noise(5_000, 1), 'not compressed'],
  [
    'has a symbolic link',
    () => forged(dataContent(), more({ name: 'data/base/x', type: 'symlink', linkname: '/etc' })),
    'neither a file nor a directory',
  ],
  [
    'has a hard link',
    () =>
      forged(
        dataContent(),
        more({ name: 'data/base/x', type: 'link', linkname: 'data/PG_VERSION' }),
      ),
    'neither',
  ],
  [
    'has a device',
    () =>
      forged(
        dataContent(),
        more({ name: 'data/base/x', type: 'character-device', devmajor: 1, devminor: 5 }),
      ),
    'neither',
  ],
  [
    'climbs out',
    () => forged(dataContent(), more({ name: 'data/../../etc/passwd' }, 'x')),
    'name that PostgreSQL does not give',
  ],
  [
    'has an absolute name',
    () => forged(dataContent(), more({ name: '/etc/passwd' }, 'x')),
    'files that are not data',
  ],
  [
    'has other files',
    () => forged(dataContent(), more({ name: 'readme' }, 'x')),
    'files that are not data',
  ],
  [
    'has a file twice',
    () => forged(dataContent(), more({ name: 'data/PG_VERSION' }, '18\n')),
    'is there twice',
  ],
  [
    'has a file in no directory',
    () => forged(new Map([...dataContent(), ['base/9/1', Buffer.from('x')]])),
    'has no directory',
  ],
  [
    'has a file that is not in its sums',
    () => forged(dataContent(), more({ name: 'data/base/5/x' }, 'x')),
    'SHA256SUMS',
  ],
  [
    'goes on behind its end',
    () => forged(dataContent(), more({ name: 'SHA256SUMS' }, '')),
    'SHA256SUMS',
  ],
  [
    'would recover from elsewhere',
    () => forged(new Map([...dataContent(), ['recovery.signal', Buffer.alloc(0)]])),
    'not part of',
  ],
  [
    'is of another major version',
    () => forged(new Map([...dataContent(), ['PG_VERSION', Buffer.from('17\n')]])),
    'of another PostgreSQL than 18',
  ],
  [
    'is of another catalog version',
    () =>
      forged(
        new Map([...dataContent(), ['global/pg_control', controlFile({ catalogVersion: 5 })]]),
      ),
    'of another PostgreSQL',
  ],
  [
    'was not shut down',
    () => forged(new Map([...dataContent(), ['global/pg_control', controlFile({ state: 6 })]])),
    'not shut down cleanly',
  ],
  [
    'says running and has no label',
    () => forged(dataContent(), [], { ...HEAD, taken: 'running' }),
    'lacks backup_label',
  ],
  ['lacks its control file', () => forged(without('global/pg_control')), 'holds no data directory'],
  [
    'has a spoiled control file',
    () => forged(new Map([...dataContent(), ['global/pg_control', noise(8_192, 1)]])),
    'pg_control is damaged',
  ],
  [
    'is of a later version',
    () => forged(dataContent(), [], { ...HEAD, format: 2 }),
    'later version',
  ],
  [
    'names no tenant',
    () => forged(dataContent(), [], { ...HEAD, origin: '../../x' }),
    'cannot be read',
  ],
  [
    'has notes that are no texts',
    () => forged(dataContent(), [], { ...HEAD, notes: { a: 1 } }),
    'lacks something',
  ],
])('a file that %s is refused', async (_, make, why) => {
  await using world = await archiveWorld();
  expect(await refusal(world, await make())).toMatch(why);
});

test('sums of more bytes than there can be are refused before they are read', async () => {
  await using world = await archiveWorld();
  const head = (name: string, size: number): Buffer =>
    tarHeader({ name, kind: 'file', size, changedAt: 0 });
  const file = (name: string, text: string): Buffer[] => [
    ...[head(name, text.length), Buffer.from(text), tarPadding(text.length)],
  ];
  const parts = [
    ...file('dynabase.json', JSON.stringify(HEAD)),
    ...file('data/PG_VERSION', '18\n'),
  ];
  const bomb = gzipSync(Buffer.concat([...parts, head('SHA256SUMS', 1_000_000_000)]));
  expect(await refusal(world, bomb)).toMatch('SHA256SUMS');
});

test('files that are left out count as well', async () => {
  await using world = await archiveWorld({ limits: { entriesMax: 100 } });
  const log = Array.from({ length: 100 }, (_, n) => [`log/${n}`, Buffer.alloc(0)] as const);
  const file = await forged(new Map([...dataContent(), ...log]));
  expect(await refusal(world, file)).toMatch('too many files');
});

test('a failure of whoever sends the file is not blamed on the file', async () => {
  await using world = await archiveWorld();
  const file = await forged(dataContent());
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, 300);
    throw new Error('the line is dead');
  };
  await expect(world.archive.import(TARGET, broken(), NEVER)).rejects.toThrow('the line is dead');
});
