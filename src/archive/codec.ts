/** How chunks are compressed: the one place that knows what this Node has. */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { Damage } from './damage.ts';

/** As stored in manifests and packs. */
export const CODECS = { plain: 0, zstd: 1, zstdWithDictionary: 2, brotli: 3 } as const;

export type Packed = { readonly codec: number; readonly bytes: Buffer };

const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * The same without a code for single bytes, and in larger steps where nothing is found: what has little pattern
 * gains little by either. It is packed in 60 % of the time and unpacked in half of it, and is a tenth larger.
 */
const ZSTD_QUICK = { params: { ...ZSTD.params, [constants.ZSTD_c_targetLength]: 3 } };
const BROTLI = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 18 },
};

/** What a compressed form must save to be worth unpacking: a 32nd. */
const GAIN = 31 / 32;

const hasZstd = typeof zstdCompressSync === 'function';

/** Node before 24.6 takes the option and ignores it. */
const hasDictionaries = hasZstd && dictionaryWorks();

function dictionaryWorks(): boolean {
  const text = Buffer.from('the dictionary holds this very text, of no use to anybody else');
  const withIt = zstdCompressSync(text, { dictionary: text });
  return withIt.length < zstdCompressSync(text).length;
}

/** How hard to try: `quick` for what is expected to be `isDense`. */
export type Effort = 'quick' | 'full';

/** What keeps more than this part of its length is dense: mostly noise, or compressed already. */
const DENSE = 0.6;

export const isDense = ({ bytes }: Packed, plainBytes: number): boolean =>
  bytes.length > plainBytes * DENSE;

/** `like` is what `plain` probably resembles; null for nothing. */
export function pack(plain: Buffer, like: Buffer | null, effort: Effort = 'full'): Packed {
  const packed = compressed(plain, like, effort);
  return packed.bytes.length < plain.length * GAIN ? packed : { codec: CODECS.plain, bytes: plain };
}

function compressed(plain: Buffer, like: Buffer | null, effort: Effort): Packed {
  if (!hasZstd) return { codec: CODECS.brotli, bytes: brotliCompressSync(plain, BROTLI) };
  // zstd's own bound: with so much room it writes into the result without a copy between.
  const chunkSize = plain.length + (plain.length >> 8) + 64;
  if (like !== null && hasDictionaries) {
    const bytes = zstdCompressSync(plain, { ...ZSTD, chunkSize, dictionary: like });
    return { codec: CODECS.zstdWithDictionary, bytes };
  }
  return {
    codec: CODECS.zstd,
    bytes: zstdCompressSync(plain, { ...(effort === 'quick' ? ZSTD_QUICK : ZSTD), chunkSize }),
  };
}

const SPARE_BYTES = 64;

/** `plainBytes` is the length of what comes out; a packed form of more is damage. */
export function unpack(packed: Packed, plainBytes: number, like: Buffer | null): Buffer {
  try {
    return decompressed(packed, plainBytes, like);
  } catch (error) {
    throw new Damage('a chunk cannot be decompressed', { cause: error });
  }
}

function decompressed(packed: Packed, plainBytes: number, like: Buffer | null): Buffer {
  const { codec, bytes } = packed;
  const size = Math.max(64, plainBytes);
  // A buffer that comes back full makes zlib take another one and ask again; measured: a tenth slower.
  const bounds = { maxOutputLength: size, chunkSize: size + SPARE_BYTES };
  switch (codec) {
    case CODECS.plain:
      return bytes;
    case CODECS.brotli:
      return brotliDecompressSync(bytes, bounds);
    case CODECS.zstd:
      return zstdDecompressSync(bytes, bounds);
    case CODECS.zstdWithDictionary:
      if (like === null) throw new Error('its dictionary is missing');
      return zstdDecompressSync(bytes, { ...bounds, dictionary: like });
    default:
      throw new Error(`codec ${codec} is unknown here`);
  }
}
