/**
 * The portable file: a tar, compressed by zstd, of a whole data directory.
 *
 *   dynabase.json   what it is: see `PortableHead`
 *   data/...        the data directory
 *   SHA256SUMS      of every file in `data`, as `sha256sum` writes them
 */

import type { Duplex } from 'node:stream';
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { Snapshot } from '../domain/archive.ts';
import type { Engine } from './manifest.ts';

export const HEAD_NAME = 'dynabase.json';
export const SUMS_NAME = 'SHA256SUMS';
export const DATA_PREFIX = 'data/';
export const PORTABLE_FORMAT = 1;

export type PortableHead = {
  readonly format: number;
  readonly engine: Engine;
  readonly origin: string;
  readonly taken: Snapshot['taken'];
  /** In milliseconds since 1970. */
  readonly taken_at: number;
  readonly logical_bytes: number;
  readonly files: number;
  readonly notes: Readonly<Record<string, string>>;
};

/** Node before 22.15 has no zstd; its files are compressed by gzip, which all can read. */
const hasZstd = typeof createZstdCompress === 'function';

export const compressor = (): Duplex => (hasZstd ? createZstdCompress() : createGzip({ level: 1 }));

const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);

export const MAGIC_BYTES = 4;

/** By the first bytes of a file; null if it is neither. */
export function decompressorOf(beginning: Buffer): Duplex | null {
  if (beginning.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) return createGunzip();
  const isZstd = hasZstd && beginning.subarray(0, ZSTD_MAGIC.length).equals(ZSTD_MAGIC);
  return isZstd ? createZstdDecompress() : null;
}

/** A path may hold no line break; see tree-names.ts. */
export const sumLine = (sum: string, path: string): string => `${sum}  ${DATA_PREFIX}${path}\n`;
