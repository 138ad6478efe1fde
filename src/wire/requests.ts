/**
 * Messages of the extended query protocol that a client sends, as bytes.
 *
 * Source: PostgreSQL docs, "Message Formats".
 */
import { int32, message, zeroTerminated } from './messages.ts';

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Types are oids; those beyond 2^31 are written as the bits they are. */
export const parseMessage = (name: string, sql: string, types: readonly number[] = []): Buffer =>
  message(
    'P',
    zeroTerminated(name),
    zeroTerminated(sql),
    int16(types.length),
    ...types.map((type) => int32(type | 0)),
  );

/** Binds values in binary form; the rows come in binary form. */
export const bindMessage = (name: string, values: readonly Uint8Array[] = []): Buffer =>
  message(
    'B',
    zeroTerminated(name),
    zeroTerminated(name),
    int16(1),
    int16(1),
    int16(values.length),
    ...values.flatMap((value) => [int32(value.length), value]),
    int16(1),
    int16(1),
  );

/** Runs a portal to its end. */
export const executeMessage = (portal: string): Buffer =>
  message('E', zeroTerminated(portal), int32(0));

export const closeStatement = (name: string): Buffer =>
  message('C', Buffer.from('S'), zeroTerminated(name));

export const SYNC = message('S');

export const queryMessage = (sql: string): Buffer => message('Q', zeroTerminated(sql));
