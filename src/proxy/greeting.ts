/**
 * What happens before a client says who it is: encryption, or none, or a cancel request.
 *
 *   first byte 0x16 ──────────────▶ TLS at once; the client must have agreed on `postgresql`
 *   SSLRequest ──── S ────────────▶ TLS; or N, and it may go on in the clear
 *   GSSENCRequest ─ N ────────────▶ it may ask for TLS, or go on in the clear
 *   CancelRequest ────────────────▶ the end
 *   StartupMessage ───────────────▶ the login
 *   first byte A to Z ────────────▶ HTTP, in the clear or after TLS at once; no startup packet begins so
 *
 * Each request may come once, so no client can go round for ever. Nothing may follow an SSLRequest
 * before it is answered: whoever sits in between could have put it there, to be taken later for the
 * client's own words.
 *
 * Source: PostgreSQL docs, "SSL Session Encryption"; CVE-2021-23214.
 */
import { fault } from '../domain/faults.ts';
import type { Network } from '../domain/network.ts';
import { ENCRYPTION_ACCEPTED, ENCRYPTION_REFUSED } from '../wire/messages.ts';
import {
  type CancelKey,
  type ReadPacket,
  readStartupPacket,
  type StartupMessage,
  type StartupPacket,
  TLS_HANDSHAKE_BYTE,
} from '../wire/startup.ts';
import type { ClientLine } from './client-line.ts';

/** RFC 7301 name of the protocol, as registered. */
const APPLICATION_PROTOCOL = 'postgresql';

export type Greeting =
  | { readonly kind: 'startup'; readonly startup: StartupMessage }
  | { readonly kind: 'cancel'; readonly key: CancelKey }
  /** Nothing of it is read. */
  | { readonly kind: 'http' };

type First = { readonly packet: { readonly kind: 'tls' | 'http' }; readonly length: 0 };
type FirstPacket = ReadPacket | First;

/** What greets: whether it can encrypt, and whether it takes clients that speak HTTP. */
export type Greeter = {
  readonly network: Pick<Network, 'offersTls' | 'secure'>;
  readonly takesHttp: boolean;
};

/**
 * Reads up to the startup message or the cancel request.
 * Throws `PROTOCOL_VIOLATION`, `FEATURE_UNSUPPORTED`, or `Error` where a TLS handshake fails.
 */
export async function greet(line: ClientLine, greeter: Greeter): Promise<Greeting> {
  const { network, takesHttp } = greeter;
  const seen = new Set<StartupPacket['kind']>();
  const first = await line.next<FirstPacket>(takesHttp ? readFirst : readFirstPacket);
  const told = first.packet.kind === 'tls' ? await greetWithTls(line, greeter) : first.packet;
  if (told.kind === 'http') return { kind: 'http' };
  let packet = told as StartupPacket;
  for (;;) {
    switch (packet.kind) {
      case 'startup':
        return { kind: 'startup', startup: packet };
      case 'cancelRequest':
        return { kind: 'cancel', key: packet.key };
      case 'sslRequest':
      case 'gssencRequest':
        refuseRepetition(line, packet, seen);
        await answer(line, packet, network);
        break;
      default:
        packet satisfies never;
    }
    ({ packet } = await line.next(readStartupPacket));
  }
}

function readFirstPacket(bytes: Buffer): FirstPacket | undefined {
  if (bytes[0] === TLS_HANDSHAKE_BYTE) return { packet: { kind: 'tls' }, length: 0 };
  return readStartupPacket(bytes);
}

const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;

/** Methods are in capitals. A startup packet begins with its length, of which the first byte is 0. */
function readFirst(bytes: Buffer): FirstPacket | undefined {
  const [first = 0] = bytes;
  if (first < CAPITAL_A || first > CAPITAL_Z) return readFirstPacket(bytes);
  return { packet: { kind: 'http' }, length: 0 };
}

async function greetWithTls(
  line: ClientLine,
  { network, takesHttp }: Greeter,
): Promise<StartupPacket | First['packet']> {
  if (!network.offersTls) {
    throw fault('FEATURE_UNSUPPORTED', { feature: 'TLS without a certificate' });
  }
  const channel = await line.encrypt(network);
  if (takesHttp && channel.applicationProtocol !== APPLICATION_PROTOCOL) {
    const { packet } = await line.next<FirstPacket>(readFirst);
    if (packet.kind === 'http') return packet;
  }
  if (channel.applicationProtocol !== APPLICATION_PROTOCOL) {
    // Otherwise a browser could be made to talk to us: ALPACA attack.
    throw fault('PROTOCOL_VIOLATION', {
      found: `direct TLS needs the application protocol "${APPLICATION_PROTOCOL}" (ALPN)`,
    });
  }
  const { packet } = await line.next(readStartupPacket);
  return packet;
}

function refuseRepetition(
  line: ClientLine,
  packet: StartupPacket,
  seen: Set<StartupPacket['kind']>,
): void {
  if (seen.has(packet.kind) || line.channel !== null) {
    throw fault('PROTOCOL_VIOLATION', { found: 'encryption was asked for a second time' });
  }
  seen.add(packet.kind);
}

async function answer(
  line: ClientLine,
  packet: StartupPacket,
  network: Greeter['network'],
): Promise<void> {
  if (packet.kind !== 'sslRequest' || !network.offersTls) {
    line.write(ENCRYPTION_REFUSED);
    return;
  }
  if (line.waiting > 0) {
    throw fault('PROTOCOL_VIOLATION', { found: 'unencrypted data after an SSLRequest' });
  }
  line.write(ENCRYPTION_ACCEPTED);
  await line.encrypt(network);
}
