/**
 * Gives a copied data directory a system identifier of its own.
 *
 * Copies that share one would take each other's WAL and backups for their own. PostgreSQL 18 has no
 * tool for it, so the bytes are set, in a cluster that does not run: the identifier is the
 * first field of `global/pg_control`, which a CRC-32C guards, and stands in the long header of the
 * first page of each WAL segment, which has no checksum.
 * Source: PostgreSQL `catalog/pg_control.h`, `access/xlog_internal.h`.
 */
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../domain/random.ts';
import type { Timestamp } from '../domain/units.ts';

const LONG_HEADER_FLAG = 0x0002;
const INFO_OFFSET = 2;
const WAL_IDENTIFIER_OFFSET = 24;
const LONG_HEADER_BYTES = 40;
const SEGMENT_NAME = /^[0-9A-F]{24}$/;

/** A new one as PostgreSQL makes them: the time above, something that differs below. */
export function newSystemIdentifier(random: Random, now: Timestamp): bigint {
  const seconds = BigInt(Math.floor(now / 1_000));
  return (seconds << 32n) | BigInt(Buffer.from(random.bytes(4)).readUInt32LE());
}

/**
 * Works on what a base backup has left too: its WAL is replayed under the new identifier. A crash in
 * the midst leaves data that does not start. What is written is on disk when this resolves.
 */
export async function setSystemIdentifier(data: string, identifier: bigint): Promise<void> {
  const control = join(data, 'global', 'pg_control');
  await writeFile(control, withIdentifier(await readFile(control), identifier), { flush: true });
  const wal = join(data, 'pg_wal');
  for (const name of await readdir(wal)) {
    if (SEGMENT_NAME.test(name)) await setInSegment(join(wal, name), identifier);
  }
}

/** The control file with another identifier and the checksum that goes with it. */
export function withIdentifier(control: Buffer, identifier: bigint): Buffer {
  const at = checksumOffset(control);
  const changed = Buffer.from(control);
  changed.writeBigUInt64LE(identifier, 0);
  changed.writeUInt32LE(crc32c(changed.subarray(0, at)), at);
  return changed;
}

export const systemIdentifierOf = async (data: string): Promise<bigint> =>
  (await readFile(join(data, 'global', 'pg_control'))).readBigUInt64LE(0);

/** The struct grows with the versions, and its checksum is its last field: found by its value. */
function checksumOffset(control: Buffer): number {
  for (let at = 128; at < 512; at += 4) {
    if (control.readUInt32LE(at) === crc32c(control.subarray(0, at))) return at;
  }
  throw new Error('pg_control has no valid checksum');
}

async function setInSegment(path: string, identifier: bigint): Promise<void> {
  const segment = await open(path, 'r+');
  try {
    const header = Buffer.alloc(LONG_HEADER_BYTES);
    await segment.read(header, 0, LONG_HEADER_BYTES, 0);
    if ((header.readUInt16LE(INFO_OFFSET) & LONG_HEADER_FLAG) === 0) return;
    header.writeBigUInt64LE(identifier, WAL_IDENTIFIER_OFFSET);
    await segment.write(header, 0, LONG_HEADER_BYTES, 0);
    await segment.datasync();
  } finally {
    await segment.close();
  }
}

/** Castagnoli's polynomial, bits reversed. Source: RFC 3720 appendix B.4. */
const POLYNOMIAL = 0x82f63b78;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
