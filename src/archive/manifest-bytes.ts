/**
 * The bytes of a manifest: JSON, then the table of chunks by column, compressed together; then, as
 * they are, the chunks that lie in the manifest itself.
 */
import { CHUNK_BYTES, chunkCount } from './chunks.ts';
import { CODECS, pack, unpack } from './codec.ts';
import { Damage } from './damage.ts';
import {
  type Blob,
  codesOf,
  type Engine,
  type Manifest,
  type ManifestFile,
  runsOf,
} from './manifest.ts';
import { TAG_BYTES } from './sealing.ts';
import { atOnce, each, type Steps } from './steps.ts';

const FORMAT = 1;
const ID_BYTES = 32;
/** Of the table, besides the id: pack, offset, length, plain length, likeness, codec. */
const ROW_BYTES = 4 * 5 + 1;
const HEADER_BYTES = 13;
/** Instead of the number of a pack, for what lies in the manifest. */
const INLINE = 0xffff_ffff;
const PLAIN_BYTES_MAX = 2 ** 31;

type Head = {
  readonly format: number;
  readonly template: Manifest['template'];
  readonly engine: Engine;
  readonly origin: string;
  readonly notes: Manifest['notes'];
  readonly directories: readonly string[];
  readonly removed: readonly string[];
  readonly files: readonly (readonly [path: string, size: number, runs: readonly number[]])[];
  readonly packs: readonly string[];
  readonly blobs: number;
  readonly doubtful: readonly string[];
  readonly treeHash: string;
};

export const encodeManifest = (manifest: Manifest): Buffer => atOnce(encodeSteps(manifest));

export function* encodeSteps(manifest: Manifest): Steps<Buffer> {
  const packs: string[] = [];
  const packNumber = new Map<string, number>();
  yield* each(manifest.blobs, ({ at }) => {
    if (at.kind !== 'pack' || packNumber.has(at.pack)) return;
    packNumber.set(at.pack, packs.length);
    packs.push(at.pack);
  });
  const { template, engine, origin, notes, directories, removed, files, blobs } = manifest;
  const rows: Head['files'][number][] = [];
  const addRow = ([path, { size, codes }]: [string, ManifestFile]): void => {
    rows.push([path, size, runsOf(codes)]);
  };
  yield* each(files, addRow, ([, { codes }]) => 1 + codes.length);
  const head: Head = {
    ...{ format: FORMAT, template, engine, origin, notes, directories, removed, files: rows },
    ...{ packs, blobs: blobs.length, doubtful: manifest.doubtful, treeHash: manifest.treeHash },
  };
  const json = Buffer.from(JSON.stringify(head));
  const table = yield* encodeTable(blobs, packNumber);
  yield;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const plain = Buffer.concat([length, json, table]);
  const packed = pack(plain, null);
  yield;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(packed.codec, 0);
  header.writeUInt32LE(packed.bytes.length, 1);
  header.writeUInt32LE(plain.length, 5);
  const inline = blobs.flatMap(({ at }) => (at.kind === 'inline' ? [at.bytes] : []));
  return Buffer.concat([header, packed.bytes, ...inline]);
}

function* encodeTable(
  blobs: readonly Blob[],
  packNumber: ReadonlyMap<string, number>,
): Steps<Buffer> {
  const count = blobs.length;
  const table = Buffer.alloc(count * (ID_BYTES + ROW_BYTES));
  let inlineAt = 0;
  yield* each(blobs.entries(), ([row, blob]) => {
    const { at } = blob;
    table.write(blob.id, row * ID_BYTES, 'hex');
    const column = (number: number): number => count * ID_BYTES + (number * count + row) * 4;
    table.writeUInt32LE(at.kind === 'inline' ? INLINE : (packNumber.get(at.pack) ?? 0), column(0));
    table.writeUInt32LE(at.kind === 'inline' ? inlineAt : at.offset, column(1));
    table.writeUInt32LE(blob.length, column(2));
    table.writeUInt32LE(blob.plainBytes, column(3));
    table.writeUInt32LE(blob.like === null ? 0 : blob.like + 1, column(4));
    table.writeUInt8(blob.codec, count * (ID_BYTES + 20) + row);
    if (at.kind === 'inline') inlineAt += blob.length;
  });
  return table;
}

/** Throws `Damage` on what no `encodeManifest` has made. */
export const decodeManifest = (bytes: Buffer): Manifest => atOnce(decodeSteps(bytes));

/** Throws `Damage` as well. */
export function* decodeSteps(bytes: Buffer): Steps<Manifest> {
  if (bytes.length < HEADER_BYTES) throw new Damage('the manifest is cut short');
  const packedBytes = bytes.readUInt32LE(1);
  const plainBytes = bytes.readUInt32LE(5);
  const inlineFrom = HEADER_BYTES + packedBytes;
  if (inlineFrom > bytes.length || plainBytes > PLAIN_BYTES_MAX) {
    throw new Damage('the manifest is cut short');
  }
  const packed = { codec: bytes.readUInt8(0), bytes: bytes.subarray(HEADER_BYTES, inlineFrom) };
  const plain = unpack(packed, plainBytes, null);
  const jsonEnd = 4 + plain.readUInt32LE(0);
  const head = parseHead(plain.subarray(4, jsonEnd));
  const table = plain.subarray(jsonEnd);
  yield;
  const blobs = yield* decodeTable(table, head, bytes.subarray(inlineFrom));
  const files = new Map<string, ManifestFile>();
  const add = ([path, size, runs]: Head['files'][number]): void => {
    files.set(path, { size, codes: codesOf(runs, chunkCount(size)) });
  };
  yield* each(head.files, add, ([, size]) => 1 + chunkCount(size));
  const { template, engine, origin, notes, directories, removed } = head;
  return {
    ...{ template, engine, origin, notes, directories, removed, blobs },
    ...{ files, doubtful: head.doubtful, treeHash: head.treeHash },
  };
}

function parseHead(json: Buffer): Head {
  try {
    const head = JSON.parse(json.toString()) as Head;
    if (head.format === FORMAT) return head;
  } catch (error) {
    throw new Damage('the manifest cannot be read', { cause: error });
  }
  throw new Damage('the manifest is of a later version');
}

function* decodeTable(table: Buffer, head: Head, inline: Buffer): Steps<Blob[]> {
  const count = head.blobs;
  if (table.length !== count * (ID_BYTES + ROW_BYTES)) throw new Damage('the table is cut short');
  const decoded = (row: number): Blob => {
    const value = (number: number): number =>
      table.readUInt32LE(count * ID_BYTES + (number * count + row) * 4);
    const id = table.toString('hex', row * ID_BYTES, (row + 1) * ID_BYTES);
    const codec = table.readUInt8(count * (ID_BYTES + 20) + row);
    const [pack, offset, length, plainBytes, like] = [0, 1, 2, 3, 4].map(value) as Columns;
    if (plainBytes > CHUNK_BYTES || length > CHUNK_BYTES + TAG_BYTES || codec > CODECS.brotli) {
      throw new Damage('a chunk has an impossible length');
    }
    const blob = { id, codec, length, plainBytes, like: like === 0 ? null : like - 1 };
    if (pack === INLINE) {
      const bytes = inline.subarray(offset, offset + length);
      if (bytes.length !== length) throw new Damage('the manifest is cut short');
      return { ...blob, at: { kind: 'inline', bytes } };
    }
    const name = head.packs[pack];
    if (name === undefined) throw new Damage('a pack is named that is not there');
    return { ...blob, at: { kind: 'pack', pack: name, offset } };
  };
  const blobs: Blob[] = [];
  yield* each(Array(count).keys(), (row) => {
    blobs.push(decoded(row));
  });
  return blobs;
}

type Columns = [number, number, number, number, number];
