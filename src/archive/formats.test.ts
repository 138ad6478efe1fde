/** The small formats by themselves. */
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { controlFile, noise, SEGMENT_BYTES } from '../testing/archive-world.ts';
import { CODECS, pack as compress, isDense, unpack } from './codec.ts';
import { parseControlFile, segmentName } from './control-file.ts';
import { isKnown, knownChunks } from './known-chunks.ts';
import { codesOf, runsOf } from './manifest.ts';
import { badPages, firstPageOf } from './page-checksum.ts';
import { objectBytes, openPiece, sealObject } from './sealed-object.ts';
import { opened, sealed, sha256 } from './sealing.ts';
import { TarRefusal, tarEntries } from './tar-reader.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts';
import { isLeftOut, nameObjection } from './tree-names.ts';

test('a chunk with one changed page takes less than 100 bytes beside the old one', () => {
  const old = Buffer.from(
    'a row of a table that somebody has, and another one; '.repeat(2_500),
  ).subarray(0, 131_072);
  const mixed = Buffer.from(old);
  noise(131_072, 1).copy(mixed, 0, 0, 60_000);
  const changed = Buffer.from(mixed);
  changed.write('changed', 40_000);
  const packed = compress(changed, mixed);
  expect(packed.codec).toBe(CODECS.zstdWithDictionary);
  expect(packed.bytes.length).toBeLessThan(100);
  expect(unpack(packed, changed.length, mixed)).toEqual(changed);
  expect(() => unpack(packed, changed.length, null)).toThrow('cannot be decompressed');
});

test('what is half noise is dense, and comes back from its quick form', () => {
  const dense = Buffer.concat([noise(90_000, 1), Buffer.alloc(41_072, 'a row of a table; ')]);
  const packed = compress(dense, null, 'quick');
  expect(packed.codec).toBe(CODECS.zstd);
  expect(packed.bytes.length).toBeLessThan(92_000);
  expect(isDense(packed, dense.length)).toBe(true);
  expect(unpack(packed, dense.length, null)).toEqual(dense);
  expect(isDense(compress(Buffer.alloc(131_072, 'text'), null), 131_072)).toBe(false);
});

test('what does not compress is stored as it is, and a bomb is not unpacked', () => {
  const plain = noise(10_000, 1);
  expect(compress(plain, null)).toEqual({ codec: CODECS.plain, bytes: plain });
  const bomb = compress(Buffer.alloc(5_000_000), null);
  expect(() => unpack(bomb, 1_000, null)).toThrow('cannot be decompressed');
});

test('what was sealed opens only as what it was sealed as', () => {
  const seal = { key: noise(32, 1), nonce: 3, context: 'packs/1' };
  const bytes = sealed(seal, Buffer.from('plain'));
  expect(opened(seal, bytes)).toEqual(Buffer.from('plain'));
  for (const other of [{ nonce: 4 }, { context: 'packs/2' }, { key: noise(32, 2) }]) {
    expect(() => opened({ ...seal, ...other }, bytes)).toThrow('has been altered');
  }
});

test('a sealed object tells its length, and opens piece by piece', () => {
  const place = { key: noise(32, 1), name: 'a' };
  const object = sealObject(place, new SeededRandom(1), [Buffer.from('one'), Buffer.from('two')]);
  expect(objectBytes(object.subarray(0, 60))).toBe(object.length);
  expect(openPiece(place, object.subarray(0, 70), 0)?.toString()).toBe('one');
  expect(openPiece(place, object.subarray(0, 70), 1)).toBeUndefined();
  expect(openPiece(place, object, 1)?.toString()).toBe('two');
});

test('a control file says where the WAL begins that a start needs', () => {
  const control = parseControlFile(controlFile({ systemId: 9n }));
  expect(control).toMatchObject({
    systemId: '9',
    isShutDown: true,
    segmentBytes: SEGMENT_BYTES,
    hasChecksums: true,
  });
  expect(segmentName(control, control.redo)).toBe('000000010000000000000003');
  expect(segmentName({ ...control, segmentBytes: 16_777_216 }, 0x12_3456_7890n)).toBe(
    '000000010000001200000034',
  );
  const torn = controlFile();
  torn.writeUInt8(7, 17);
  expect(() => parseControlFile(torn)).toThrow('no valid checksum');
});

test('a page is bad if any bit of it is another, or if it lies elsewhere', () => {
  const page = Buffer.alloc(8_192);
  for (let word = 0; word < 2_048; word++) page.writeUInt32LE(word * 65_537, word * 4);
  const good = Array.from({ length: 65_536 }, (_, sum) => sum).find((sum) => {
    page.writeUInt16LE(sum, 8);
    return badPages(page, 0).length === 0;
  });
  page.writeUInt16LE(good ?? 0, 8);
  expect(badPages(page, 0)).toEqual([]);
  expect(badPages(page, 1)).toEqual([1]);
  page.writeUInt8(page.readUInt8(5_000) ^ 1, 5_000);
  expect(badPages(page, 0)).toEqual([0]);
  expect(badPages(Buffer.alloc(16_384), 0)).toEqual([]);
});

test('only files of relations have pages with checksums', () => {
  expect(firstPageOf('base/5/1259')).toBe(0);
  expect(firstPageOf('base/5/16384_vm.2')).toBe(262_144);
  expect(firstPageOf('global/1262')).toBe(0);
  for (const path of ['PG_VERSION', 'base/5/PG_VERSION', 'pg_xact/0000', 'global/pg_control']) {
    expect(firstPageOf(path)).toBeNull();
  }
});

test('runs of codes say the codes again', () => {
  const codes = [-1, -1, 5, 6, 7, -2, -3, -4, -1, 9];
  expect(runsOf(codes)).toEqual([-1, 2, 5, 3, -2, 3, -1, 1, 9, 1]);
  expect(codesOf(runsOf(codes), codes.length)).toEqual(codes);
  expect(() => codesOf([5, 1_000_000], 3)).toThrow('too many chunks');
  expect(() => codesOf([5, 2], 3)).toThrow('lacks chunks');
});

test('a set of known chunks knows them, and no others', () => {
  const ids = Array.from({ length: 500 }, (_, n) => sha256(String(n)));
  const known = knownChunks(ids.slice(0, 250), 250);
  expect(ids.map((id) => isKnown(known, id))).toEqual(ids.map((_, n) => n < 250));
});

test.each([
  ['base/5/1259', false, null],
  ['pg_wal', false, null],
  ['postmaster.pid', true, null],
  ['pg_stat_tmp/x', true, null],
  ['base/5/pgsql_tmp', true, null],
  ['..', false, 'has a name that PostgreSQL does not give'],
  ['', false, 'has a name that PostgreSQL does not give'],
  ['a\u0000b', false, 'has a name that PostgreSQL does not give'],
  ['recovery.conf', false, 'is not part of a data directory of ours'],
])('the name %j: left out %s, objection %j', (path, isOut, objection) => {
  expect(isLeftOut(path)).toBe(isOut);
  if (!isOut) expect(nameObjection(path)).toBe(objection);
});

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

async function read(bytes: Buffer): Promise<readonly (readonly [string, string, string])[]> {
  const found: [string, string, string][] = [];
  for await (const { name, kind, content } of tarEntries(once(bytes))) {
    const parts: Uint8Array[] = [];
    for await (const some of content) parts.push(some);
    found.push([name, kind, Buffer.concat(parts).toString()]);
  }
  return found;
}

test('a tar is read as it was written, by us and by another', async () => {
  const deep = `data/${'d'.repeat(60)}/${'f'.repeat(80)}`;
  const head = { kind: 'file', size: 3, changedAt: 0 } as const;
  const own = Buffer.concat([
    tarHeader({ ...head, name: 'data', kind: 'directory', size: 0 }),
    ...[tarHeader({ ...head, name: deep }), Buffer.from('abc'), tarPadding(3), tarEnd()],
  ]);
  expect(await read(own)).toEqual([
    ['data', 'directory', ''],
    [deep, 'file', 'abc'],
  ]);
  const theirs = pack();
  theirs.entry({ name: 'data', type: 'directory' });
  theirs.entry({ name: 'a' }, 'x'.repeat(600));
  theirs.finalize();
  const parts: Buffer[] = [];
  for await (const bytes of theirs) parts.push(bytes as Buffer);
  expect(await read(Buffer.concat(parts))).toEqual([
    ['data', 'directory', ''],
    ['a', 'file', 'x'.repeat(600)],
  ]);
  await expect(read(own.subarray(0, own.length - 700))).rejects.toThrow(TarRefusal);
  await expect(read(Buffer.concat([own, Buffer.from('more')]))).rejects.toThrow('behind its end');
  expect(() => tarHeader({ ...head, name: 'x'.repeat(300) })).toThrow('too long');
});
