/**
 * A small object that is sealed in pieces, each of which can be read alone:
 *
 *   magic, salt, number of pieces, their lengths, the pieces
 *
 * A salt makes the key of each object its own, so that a name may be written more than once.
 */
import type { Random } from '../domain/random.ts';
import { Damage } from './damage.ts';
import { opened, sealed, subkey } from './sealing.ts';

const MAGIC = Buffer.from('DBO1');
const SALT_BYTES = 32;
const COUNT_AT = MAGIC.length + SALT_BYTES;
const PIECES_MAX = 4;

type Place = { readonly key: Uint8Array; readonly name: string };

const keyOf = (place: Place, salt: Buffer): Buffer =>
  subkey(place.key, `object ${salt.toString('hex')}`);

/** `name` is the object's key in the store; it opens under no other. */
export function sealObject(place: Place, random: Random, pieces: readonly Buffer[]): Buffer {
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  const key = keyOf(place, salt);
  const bodies = pieces.map((piece, nonce) => sealed({ key, nonce, context: place.name }, piece));
  const header = Buffer.alloc(1 + 4 * pieces.length);
  header.writeUInt8(pieces.length);
  for (const [at, body] of bodies.entries()) header.writeUInt32LE(body.length, 1 + 4 * at);
  return Buffer.concat([MAGIC, salt, header, ...bodies]);
}

/** Piece `number` of an object, of which `bytes` may be the beginning; undefined if that is too short. */
export function openPiece(place: Place, bytes: Buffer, number: number): Buffer | undefined {
  if (bytes.length < COUNT_AT + 1) throw new Damage(`${place.name} is cut short`);
  const count = bytes.readUInt8(COUNT_AT);
  const bodyFrom = COUNT_AT + 1 + 4 * count;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || count > PIECES_MAX || number >= count) {
    throw new Damage(`${place.name} has been altered`);
  }
  if (bytes.length < bodyFrom) throw new Damage(`${place.name} is cut short`);
  const length = (at: number): number => bytes.readUInt32LE(COUNT_AT + 1 + 4 * at);
  let from = bodyFrom;
  for (let at = 0; at < number; at++) from += length(at);
  if (bytes.length < from + length(number)) return undefined;
  const key = keyOf(place, bytes.subarray(MAGIC.length, COUNT_AT));
  const seal = { key, nonce: number, context: place.name };
  return opened(seal, bytes.subarray(from, from + length(number)));
}

/** The length of the whole object that `beginning` is of; undefined if that is too short to tell. */
export function objectBytes(beginning: Buffer): number | undefined {
  if (beginning.length < COUNT_AT + 1) return undefined;
  const count = beginning.readUInt8(COUNT_AT);
  const from = COUNT_AT + 1 + 4 * count;
  if (beginning.length < from) return undefined;
  let bytes = from;
  for (let at = COUNT_AT + 1; at < from; at += 4) bytes += beginning.readUInt32LE(at);
  return bytes;
}
