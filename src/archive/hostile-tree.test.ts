import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveWorld, dataContent, entriesOf, refOf, TENANT } from '../testing/archive-world.ts';

type Spoil = (data: string, outside: string) => Promise<unknown>;

const SPOILS: Readonly<Record<string, readonly [Spoil, string]>> = {
  'a symbolic link to a file': [
    (data, outside) => symlink(outside, join(data, 'base/5/16384')),
    'is a symbolic link',
  ],
  'a symbolic link to a directory': [
    (data) => symlink('/etc', join(data, 'base/6')),
    'is a symbolic link',
  ],
  'a tablespace': [
    (data) => symlink('/tmp', join(data, 'pg_tblspc/16400')),
    'is not part of a data directory of ours',
  ],
  "a hard link to another's file": [
    (data, outside) => link(outside, join(data, 'base/5/16384')),
    'has another name elsewhere',
  ],
  'a pipe': [
    async (data) => execFileSync('mkfifo', [join(data, 'base/5/16384')]),
    'is no plain file',
  ],
  'a file with the setuid bit': [
    (data) => chmod(join(data, 'base/5/small'), 0o4600),
    'has special permission bits',
  ],
  'a name with a line break': [
    (data) => writeFile(join(data, 'base/5/a\nb'), ''),
    'has a name that PostgreSQL does not give',
  ],
  'a signal to recover from elsewhere': [
    (data) => writeFile(join(data, 'standby.signal'), ''),
    'is not part of a data directory of ours',
  ],
  'a file of two terabytes': [
    (data) => truncate(join(data, 'base/5/small'), 2 ** 41),
    'is too large',
  ],
  'directories without end': [
    (data) => mkdir(join(data, 'base/5/a/b/c/d/e/f/g/h'), { recursive: true }),
    'lies too deep',
  ],
};

test.each(Object.entries(SPOILS))(
  'a data directory with %s is refused',
  async (_, [spoil, why]) => {
    await using world = await archiveWorld();
    const outside = join(world.dir, 'outside');
    await writeFile(outside, 'of somebody else');
    await spoil(world.data, outside);
    await expect(world.save(refOf(TENANT, 1))).rejects.toThrow(why);
    expect(await world.list()).toEqual([]);
  },
);

test('a data directory that is itself a link is refused', async () => {
  await using world = await archiveWorld();
  await rename(world.data, join(world.dir, 'real'));
  await symlink(join(world.dir, 'real'), world.data);
  await expect(world.save(refOf(TENANT, 1))).rejects.toThrow('is not a directory');
});

test('more files than there may be are refused', async () => {
  await using world = await archiveWorld({ limits: { entriesMax: 10 } });
  await expect(world.save(refOf(TENANT, 1))).rejects.toThrow('is one file too many');
});

test('more bytes than there may be are refused, also when they come as a stream', async () => {
  await using world = await archiveWorld({ limits: { treeBytesMax: 500_000 } });
  await expect(world.save(refOf(TENANT, 1))).rejects.toThrow('too large');
  const source = { kind: 'running', entries: entriesOf(dataContent()) } as const;
  const signal = new AbortController().signal;
  const request = { ...refOf(TENANT, 1), name: null, source, notes: {}, signal };
  await expect(world.archive.save(request)).rejects.toThrow('too large');
});

test('a socket that a crash left is passed over', async () => {
  await using world = await archiveWorld();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(world.data, 'sock'), resolve));
  await world.save(refOf(TENANT, 1));
  expect((await world.load(refOf(TENANT, 1))).has('sock')).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test.each(['../escape', '/etc/passwd', 'base/../../x', 'base//x', 'base/5/.hidden', 'pg_tblspc/1'])(
  'a stream that names %s is refused',
  async (path) => {
    await using world = await archiveWorld();
    const entries = entriesOf(new Map([...dataContent(), [path, Buffer.from('x')]]));
    const source = { kind: 'running', entries } as const;
    const signal = new AbortController().signal;
    const request = { ...refOf(TENANT, 1), name: null, source, notes: {}, signal };
    await expect(world.archive.save(request)).rejects.toThrow('cannot be archived');
  },
);
