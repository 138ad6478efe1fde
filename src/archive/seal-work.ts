/** What a worker does with a pack: seals piece by piece into one stretch of memory. */
import { release } from './release.ts';
import { keyForMany, sealInto, TAG_BYTES } from './sealing.ts';

/** Begins and ends a pack. */
const MAGIC = Buffer.from('DBP1');

/** The length of the index, behind it. */
const LENGTH_BYTES = 4;

/** Where the first piece of a pack lies. */
export const FIRST_AT = MAGIC.length;

/** What a piece takes in a pack; the next lies right behind it. */
export const sealedBytes = (plainBytes: number): number => plainBytes + TAG_BYTES;

export type SealRequest = {
  readonly kind: 'seal';
  /** Of this pack alone: the place of a piece in it is its nonce. */
  readonly key: Uint8Array;
  /** The name of the pack. */
  readonly context: string;
  /** Chunks as they are stored, and last the index. */
  readonly pieces: readonly Uint8Array[];
};

export type SealAnswer = { readonly bytes: Uint8Array };

/** A pack as it lies in the store. Takes the pieces' memory. */
export function seal({ key, context, pieces }: SealRequest): SealAnswer {
  const body = pieces.reduce((sum, piece) => sum + sealedBytes(piece.length), 0);
  const bytes = Buffer.allocUnsafeSlow(FIRST_AT + body + LENGTH_BYTES + MAGIC.length);
  const secret = keyForMany(key);
  let at = MAGIC.copy(bytes);
  for (const piece of pieces)
    at += sealInto(bytes.subarray(at), { key: secret, nonce: at, context }, piece);
  at = bytes.writeUInt32LE(sealedBytes(pieces.at(-1)?.length ?? 0), at);
  MAGIC.copy(bytes, at);
  for (const piece of pieces) release(piece);
  return { bytes };
}
