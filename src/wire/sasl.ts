/**
 * The client's messages while it proves its password. All are of type `p`; which one is meant
 * follows from what was asked.
 */
import { type Fault, fault } from '../domain/faults.ts';
import { ByteReader } from './bytes.ts';

/** As PostgreSQL's `PG_MAX_SASL_MESSAGE_LENGTH`; the body of any message before the login is done. */
export const LOGIN_MESSAGE_BYTES_MAX = 1_024;

const PASSWORD_MESSAGE = 0x70;
const HEADER_BYTES = 5;
const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

export type ReadMessage = { readonly body: Buffer; readonly length: number };

export type SaslInitialResponse = { readonly mechanism: string; readonly data: Buffer };

/**
 * The body of the `p` message that `bytes` begins with; undefined while some is still to come.
 * Throws `PROTOCOL_VIOLATION` if it is another message or too long.
 */
export function readPasswordMessage(bytes: Buffer): ReadMessage | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== PASSWORD_MESSAGE) throw violation('a password was expected');
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readUInt32BE(TYPE_BYTES);
  if (length < LENGTH_BYTES || length > LENGTH_BYTES + LOGIN_MESSAGE_BYTES_MAX) {
    throw violation(`a password message cannot have ${length} bytes`);
  }
  const end = TYPE_BYTES + length;
  if (bytes.length < end) return undefined;
  return { body: bytes.subarray(HEADER_BYTES, end), length: end };
}

/** Throws `PROTOCOL_VIOLATION` unless `body` is a SASLInitialResponse with data. */
export function readSaslInitialResponse(body: Buffer): SaslInitialResponse {
  const reader = new ByteReader(body);
  const mechanism = reader.text();
  const length = reader.int32();
  const data = reader.rest();
  if (mechanism === undefined || length === undefined || length !== data.length) {
    throw violation('malformed SASLInitialResponse');
  }
  return { mechanism, data };
}

const violation = (found: string): Fault => fault('PROTOCOL_VIOLATION', { found });
