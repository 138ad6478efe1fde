/** Answers as text that is the same wherever the same happened. */
import type { WireMessage } from '../wire-peer.ts';

/** Objects that a user made have ids from here on. Source: access/transam.h. */
const FIRST_NORMAL_OID = 16_384;

/** Bodies that are longer are told by their start, length and sum. */
const BODY_MAX = 400;

const oid = (value: number): string => (value < FIRST_NORMAL_OID ? `${value}` : 'made');

function rowDescription(body: Buffer): string {
  const fields: string[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    const name = body.toString('latin1', at, end);
    const [table, column] = [body.readUInt32BE(end + 1), body.readInt16BE(end + 5)];
    const [type, size] = [body.readUInt32BE(end + 7), body.readInt16BE(end + 11)];
    const [modifier, format] = [body.readInt32BE(end + 13), body.readInt16BE(end + 17)];
    fields.push([name, oid(table), column, oid(type), size, modifier, format].join(':'));
    at = end + 19;
  }
  return fields.join(' ');
}

function parameterDescription(body: Buffer): string {
  const types = Array.from({ length: body.readInt16BE(0) }, (_, i) =>
    oid(body.readUInt32BE(2 + 4 * i)),
  );
  return types.join(' ');
}

function shortened(text: string): string {
  if (text.length <= BODY_MAX) return text;
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) >>> 0;
  return `${text.slice(0, BODY_MAX)}... ${text.length} bytes, sum ${sum}`;
}

const inLatin1 = (body: Buffer): string =>
  JSON.stringify(shortened(body.toString('latin1'))).slice(1, -1);

/** Where a statement was when a cancel reached it (field `W`) is chance. */
function withoutChance(error: Buffer): Buffer {
  const text = error.toString('latin1');
  if (!text.includes('\0C57014\0')) return error;
  return Buffer.from(text.replace(/\0W[^\0]*/, ''), 'latin1');
}

/** `ownPid` is the process that the client was told to be its own. */
export function told({ type, body }: WireMessage, ownPid: number): string {
  switch (type) {
    case 'T':
      return `T ${rowDescription(body)}`;
    case 't':
      return `t ${parameterDescription(body)}`;
    case 'A': {
      const from = body.readInt32BE(0) === ownPid ? 'own' : 'other';
      return `A ${from} ${inLatin1(body.subarray(4))}`;
    }
    case 'E':
      return `E ${inLatin1(withoutChance(body))}`;
    default:
      return `${type} ${inLatin1(body)}`.trimEnd();
  }
}
