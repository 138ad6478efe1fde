/**
 * Messages that a client sends, as bytes.
 *
 * Source: PostgreSQL docs, "Message Formats".
 */
import { int32, message, zeroTerminated } from '../wire/messages.ts';

const TEXT = 0;

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

const counted = (parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([int16(parts.length), ...parts]);

/** A value with its length before it; null has none. */
function value(text: string | null): Buffer {
  if (text === null) return int32(-1);
  const bytes = Buffer.from(text);
  return Buffer.concat([int32(bytes.length), bytes]);
}

export const query = (sql: string): Buffer => message('Q', zeroTerminated(sql));

export const parse = (sql: string, name = '', types: readonly number[] = []): Buffer =>
  message('P', zeroTerminated(name), zeroTerminated(sql), counted(types.map(int32)));

export type Bind = {
  readonly statement?: string;
  readonly portal?: string;
  readonly values?: readonly (string | null)[];
  readonly resultFormat?: 0 | 1;
};

export const bind = ({ statement = '', portal = '', values = [], resultFormat }: Bind): Buffer =>
  message(
    'B',
    zeroTerminated(portal),
    zeroTerminated(statement),
    counted([int16(TEXT)]),
    counted(values.map(value)),
    counted(resultFormat === undefined ? [] : [int16(resultFormat)]),
  );

/** `S` a statement, `P` a portal. */
export type Kind = 'S' | 'P';

export const describe = (kind: Kind, name = ''): Buffer =>
  message('D', Buffer.from(kind), zeroTerminated(name));

export const execute = (portal = '', rowsMax = 0): Buffer =>
  message('E', zeroTerminated(portal), int32(rowsMax));

export const close = (kind: Kind, name = ''): Buffer =>
  message('C', Buffer.from(kind), zeroTerminated(name));

export const sync = (): Buffer => message('S');

export const flush = (): Buffer => message('H');

export const copyData = (text: string): Buffer => message('d', Buffer.from(text));

export const copyDone = (): Buffer => message('c');

export const copyFail = (why: string): Buffer => message('f', zeroTerminated(why));

/** The function's result comes as text. */
export const functionCall = (oid: number, values: readonly (string | null)[]): Buffer =>
  message('F', int32(oid), counted([int16(TEXT)]), counted(values.map(value)), int16(TEXT));

export const terminate = (): Buffer => message('X');
