/**
 * What a client may say before it is known: one packet without a type byte.
 *
 *   Int32 length, itself included · Int32 code · body
 *
 * The code is a protocol version or one of three numbers that no version will ever have.
 * Source: PostgreSQL docs, "Message Formats"; `ProcessStartupPacket` in `backend_startup.c`.
 */
import { type Fault, fault } from '../domain/faults.ts';
import { ByteReader } from './bytes.ts';

/** As PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`. */
export const STARTUP_PACKET_BYTES_MAX = 10_000;

/** The first byte of a TLS handshake record; no startup packet of legal length begins with it. */
export const TLS_HANDSHAKE_BYTE = 0x16;

/** A cancel key of protocol 3.0 has exactly 4 bytes; of 3.2, as many as the server likes. */
export const CANCEL_SECRET_BYTES_MIN = 4;
export const CANCEL_SECRET_BYTES_MAX = 256;

const LENGTH_BYTES = 4;
const HEADER_BYTES = 8;

const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

/** Startup parameters of this prefix ask for extensions of the protocol itself. */
const EXTENSION_PREFIX = '_pq_.';

export type ProtocolVersion = { readonly major: number; readonly minor: number };

/** The versions we speak. 3.1 is skipped: PostgreSQL reserved it. */
export const PROTOCOL_3_0: ProtocolVersion = { major: 3, minor: 0 };
export const PROTOCOL_3_2: ProtocolVersion = { major: 3, minor: 2 };

export type CancelKey = { readonly processId: number; readonly secret: Buffer };

export type StartupMessage = {
  readonly kind: 'startup';
  readonly asked: ProtocolVersion;
  /** By name; of one given twice, the last. The names of `extensions` are not among them. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Names of the `_pq_.` parameters. We know none of them. */
  readonly extensions: readonly string[];
};

export type StartupPacket =
  | { readonly kind: 'sslRequest' }
  | { readonly kind: 'gssencRequest' }
  | { readonly kind: 'cancelRequest'; readonly key: CancelKey }
  | StartupMessage;

/** A packet, and how many bytes it took. */
export type ReadPacket = { readonly packet: StartupPacket; readonly length: number };

/**
 * The packet that `bytes` begins with; undefined while some of it is still to come.
 *
 * Throws `PROTOCOL_VIOLATION` if it can be none, as soon as that is certain, and
 * `FEATURE_UNSUPPORTED` for a protocol that is not 3.
 */
export function readStartupPacket(bytes: Buffer): ReadPacket | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length < HEADER_BYTES || length > STARTUP_PACKET_BYTES_MAX) {
    throw violation(`a startup packet cannot have ${length} bytes`);
  }
  if (bytes.length < length) return undefined;
  const code = bytes.readUInt32BE(LENGTH_BYTES);
  return { packet: readBody(code, bytes.subarray(HEADER_BYTES, length)), length };
}

/** The version to speak with a client that asked for `asked`, which has major version 3. */
export const spokenVersion = (asked: ProtocolVersion): ProtocolVersion =>
  asked.minor >= PROTOCOL_3_2.minor ? PROTOCOL_3_2 : PROTOCOL_3_0;

/** Whether the client must be told that it does not get what it asked for. */
export const mustNegotiate = (startup: StartupMessage): boolean =>
  startup.extensions.length > 0 || spokenVersion(startup.asked).minor !== startup.asked.minor;

function readBody(code: number, body: Buffer): StartupPacket {
  switch (code) {
    case SSL_REQUEST:
      if (body.length > 0) throw violation('an SSLRequest has no body');
      return { kind: 'sslRequest' };
    case GSSENC_REQUEST:
      if (body.length > 0) throw violation('a GSSENCRequest has no body');
      return { kind: 'gssencRequest' };
    case CANCEL_REQUEST:
      return { kind: 'cancelRequest', key: readCancelKey(body) };
    default:
      return readStartupMessage({ major: code >>> 16, minor: code & 0xffff }, body);
  }
}

function readCancelKey(body: Buffer): CancelKey {
  const reader = new ByteReader(body);
  const processId = reader.int32();
  const secret = reader.rest();
  if (
    processId === undefined ||
    secret.length < CANCEL_SECRET_BYTES_MIN ||
    secret.length > CANCEL_SECRET_BYTES_MAX
  ) {
    throw violation('a cancel request has a secret of 4 to 256 bytes');
  }
  // A copy: the packet's buffer goes on to hold other things.
  return { processId, secret: Buffer.from(secret) };
}

function readStartupMessage(asked: ProtocolVersion, body: Buffer): StartupMessage {
  if (asked.major !== 3) {
    throw fault('FEATURE_UNSUPPORTED', {
      feature: `frontend protocol ${asked.major}.${asked.minor} (this server speaks 3.0 and 3.2)`,
    });
  }
  const parameters = new Map<string, string>();
  const extensions: string[] = [];
  const reader = new ByteReader(body);
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    const value = name === undefined ? undefined : reader.text();
    if (name === undefined || value === undefined) {
      throw violation('a startup packet ends with a zero byte');
    }
    if (name.startsWith(EXTENSION_PREFIX)) extensions.push(name);
    else parameters.set(name, value);
  }
  if (reader.left > 0) throw violation('bytes follow the end of a startup packet');
  return { kind: 'startup', asked, parameters, extensions };
}

const violation = (found: string): Fault => fault('PROTOCOL_VIOLATION', { found });
