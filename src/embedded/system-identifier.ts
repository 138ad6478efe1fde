/**
 * Gives a copied data directory a system identifier of its own.
 *
 * Copies that share one would take each other's WAL and backups for their own. PostgreSQL 18 has no
 * tool for it, so the bytes are set, in a cluster that was shut down cleanly: the identifier is the
 * first field of `global/pg_control`, which a CRC-32C guards, and stands in the long header of the
 * first page of each WAL segment, which has no checksum.
 * Source: PostgreSQL `catalog/pg_control.h`, `access/xlog_internal.h`.
 */
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LONG_HEADER_FLAG = 0x0002;
const INFO_OFFSET = 2;
const WAL_IDENTIFIER_OFFSET = 24;
const LONG_HEADER_BYTES = 40;
const SEGMENT_NAME = /^[0-9A-F]{24}$/;

export async function setSystemIdentifier(data: string, identifier: bigint): Promise<void> {
  const control = join(data, 'global', 'pg_control');
  await writeFile(control, withIdentifier(await readFile(control), identifier));
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
