/**
 * Which server a TLS client means, from its first message and before any of it is decrypted.
 *
 * The ClientHello may be cut into several records. Nothing is checked but lengths: whoever does the
 * handshake reads it all again. Source: RFC 8446 §4.1.2, §5.1; RFC 6066 §3.
 */

/** What is read in search of the name; a client that says more before it is not waited for. */
export const CLIENT_HELLO_BYTES_MAX = 16 * 1024;

const HANDSHAKE_RECORD = 0x16;
const RECORD_HEADER_BYTES = 5;
const CLIENT_HELLO = 1;
/** Type and length of a handshake message; then version and random of the ClientHello. */
const MESSAGE_HEADER_BYTES = 4;
const HELLO_HEADER_BYTES = 2 + 32;
const SERVER_NAME = 0;
const HOST_NAME = 0;

export type HelloRead = {
  /** Null if it names none, or is no ClientHello. */
  readonly serverName: string | null;
};

/** Undefined while more bytes are needed to tell. */
export function readServerName(bytes: Buffer): HelloRead | undefined {
  const hello = helloOf(bytes);
  if (hello === 'more') return bytes.length < CLIENT_HELLO_BYTES_MAX ? undefined : NAMELESS;
  if (hello === 'none') return NAMELESS;
  try {
    return { serverName: nameIn(hello) };
  } catch (error) {
    if (error instanceof RangeError) return NAMELESS;
    throw error;
  }
}

const NAMELESS: HelloRead = { serverName: null };

/** The body of the ClientHello, put together from its records. */
function helloOf(bytes: Buffer): Buffer | 'more' | 'none' {
  const parts: Buffer[] = [];
  let at = 0;
  let size = 0;
  for (;;) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return 'none';
    if (bytes.length < at + RECORD_HEADER_BYTES) return 'more';
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 3);
    const part = bytes.subarray(at + RECORD_HEADER_BYTES, end);
    parts.push(part);
    size += part.length;
    if (size >= MESSAGE_HEADER_BYTES) {
      const message = Buffer.concat(parts);
      if (message[0] !== CLIENT_HELLO) return 'none';
      const length = message.readUIntBE(1, 3);
      if (length > CLIENT_HELLO_BYTES_MAX) return 'none';
      if (size >= MESSAGE_HEADER_BYTES + length) {
        return message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + length);
      }
    }
    if (bytes.length < end) return 'more';
    at = end;
  }
}

/** Throws `RangeError` where a length leads out of the message. */
function nameIn(hello: Buffer): string | null {
  let at = HELLO_HEADER_BYTES;
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  if (at === hello.length) return null;
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    at += 4;
    if (type === SERVER_NAME) return hostIn(hello.subarray(at, at + length));
    at += length;
  }
  return null;
}

function hostIn(list: Buffer): string | null {
  let at = 2;
  while (at < list.length) {
    const type = list.readUInt8(at);
    const length = list.readUInt16BE(at + 1);
    at += 3;
    if (type === HOST_NAME) return list.toString('latin1', at, at + length);
    at += length;
  }
  return null;
}
