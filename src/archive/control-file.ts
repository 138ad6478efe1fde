/**
 * What `global/pg_control` says of a data directory.
 *
 * The struct grows with the versions of PostgreSQL. Its beginning has stayed the same since 9.3; the
 * sizes are found by the double 1234567.0 before them, which is there for that, and the end by the checksum.
 * Source: PostgreSQL `catalog/pg_control.h`.
 */
import { crc32c } from './crc32c.ts';

export type ControlFile = {
  readonly systemId: string;
  readonly controlVersion: number;
  readonly catalogVersion: number;
  /** DB_SHUTDOWNED: the checkpoint at the end of a clean shutdown is on disk. */
  readonly isShutDown: boolean;
  /** Positions in the WAL. */
  readonly checkpoint: bigint;
  readonly redo: bigint;
  readonly timeline: number;
  readonly blockBytes: number;
  readonly segmentBytes: number;
  readonly hasChecksums: boolean;
};

export const CONTROL_FILE = 'global/pg_control';

const STATE_SHUT_DOWN = 1;
const FLOAT_FORMAT = 1_234_567;
const BYTES_MIN = 128;
const BYTES_MAX = 512;

/** Throws an `Error` that says what is wrong with it. */
export function parseControlFile(bytes: Buffer): ControlFile {
  const end = checksumOffset(bytes);
  const sizes = sizesOffset(bytes, end);
  return {
    systemId: bytes.readBigUInt64LE(0).toString(),
    controlVersion: bytes.readUInt32LE(8),
    catalogVersion: bytes.readUInt32LE(12),
    isShutDown: bytes.readUInt32LE(16) === STATE_SHUT_DOWN,
    checkpoint: bytes.readBigUInt64LE(32),
    redo: bytes.readBigUInt64LE(40),
    timeline: bytes.readUInt32LE(48),
    blockBytes: bytes.readUInt32LE(sizes),
    segmentBytes: bytes.readUInt32LE(sizes + 12),
    hasChecksums: bytes.readUInt32LE(sizes + 36) !== 0,
  };
}

function checksumOffset(bytes: Buffer): number {
  for (let at = BYTES_MIN; at < Math.min(BYTES_MAX, bytes.length - 3); at += 4) {
    if (bytes.readUInt32LE(at) === crc32c(bytes.subarray(0, at))) return at;
  }
  throw new Error('pg_control has no valid checksum');
}

/** Behind the double: blcksz, relseg_size, xlog_blcksz, xlog_seg_size, four more, a bool, checksums. */
function sizesOffset(bytes: Buffer, end: number): number {
  for (let at = 64; at + 48 <= end; at += 8) {
    if (bytes.readDoubleLE(at) === FLOAT_FORMAT) return at + 8;
  }
  throw new Error('pg_control is of an unknown version');
}

/** The name of the WAL segment that holds `position`. Source: `XLogFileName`. */
export function segmentName(control: ControlFile, position: bigint): string {
  const segment = position / BigInt(control.segmentBytes);
  const perId = 0x1_0000_0000n / BigInt(control.segmentBytes);
  const parts = [BigInt(control.timeline), segment / perId, segment % perId];
  return parts.map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('');
}
