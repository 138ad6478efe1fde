/**
 * Messages of the login that a server sends, as bytes.
 *
 * Source: PostgreSQL docs, "Message Formats".
 */
import type { ProtocolVersion } from './startup.ts';

const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

/** What follows an `R`. */
const AUTHENTICATION_OK = 0;
const AUTHENTICATION_CLEARTEXT_PASSWORD = 3;
const AUTHENTICATION_SASL = 10;
const AUTHENTICATION_SASL_CONTINUE = 11;
const AUTHENTICATION_SASL_FINAL = 12;

/** The one-byte answers to SSLRequest and GSSENCRequest. */
export const ENCRYPTION_ACCEPTED = Buffer.from('S');
export const ENCRYPTION_REFUSED = Buffer.from('N');

/** One message: its type, a single letter, and the parts of its body. */
export function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, LENGTH_BYTES);
  const header = Buffer.alloc(TYPE_BYTES + LENGTH_BYTES);
  header.write(type, 'latin1');
  header.writeUInt32BE(length, TYPE_BYTES);
  return Buffer.concat([header, ...parts]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Ends at the first zero byte that `text` may hold: nothing may follow it unseen. */
export const zeroTerminated = (text: string): Buffer =>
  Buffer.from(`${text.split('\0', 1)[0] ?? ''}\0`);

export const authenticationOk = (): Buffer => message('R', int32(AUTHENTICATION_OK));

export const authenticationCleartextPassword = (): Buffer =>
  message('R', int32(AUTHENTICATION_CLEARTEXT_PASSWORD));

export const authenticationSasl = (mechanisms: readonly string[]): Buffer =>
  message('R', int32(AUTHENTICATION_SASL), ...mechanisms.map(zeroTerminated), Buffer.from([0]));

export const authenticationSaslContinue = (data: Uint8Array): Buffer =>
  message('R', int32(AUTHENTICATION_SASL_CONTINUE), data);

export const authenticationSaslFinal = (data: Uint8Array): Buffer =>
  message('R', int32(AUTHENTICATION_SASL_FINAL), data);

export const backendKeyData = (processId: number, secret: Uint8Array): Buffer =>
  message('K', int32(processId), secret);

/** `status` is the byte `I`, `T` or `E`. */
export const readyForQuery = (status: number): Buffer => message('Z', Buffer.from([status]));

/** The version we speak instead of the one asked for, and the extensions we do not know. */
export const negotiateProtocolVersion = (
  speaks: ProtocolVersion,
  unknown: readonly string[],
): Buffer =>
  message(
    'v',
    int32((speaks.major << 16) | speaks.minor),
    int32(unknown.length),
    ...unknown.map(zeroTerminated),
  );
