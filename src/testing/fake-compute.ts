/** A compute without a PostgreSQL: logs clients in, and answers every query with its own text. */
import type { Socket } from 'node:net';
import type { Verifier } from '../domain/verifier.ts';
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  backendKeyData,
  message,
  readyForQuery,
} from '../wire/messages.ts';
import { readPasswordMessage, readSaslInitialResponse } from '../wire/sasl.ts';
import { ScramServer } from '../wire/scram-server.ts';
import { readStartupPacket } from '../wire/startup.ts';
import { parseVerifier } from '../wire/verifier.ts';
import { WirePeer } from './wire-peer.ts';

const IDLE = 0x49;

export type ComputeAnswer =
  | { readonly kind: 'accept' }
  /** As a socket on which nobody listens. */
  | { readonly kind: 'hangUp' }
  /** Accepts the connection and says nothing. */
  | { readonly kind: 'silence' }
  /** Answers the startup packet with these bytes, and hangs up. */
  | { readonly kind: 'refuse'; readonly response: Uint8Array };

export class FakeCompute {
  readonly #verifier: Verifier;
  /** What becomes of the next connections; after them all are accepted. */
  readonly answers: ComputeAnswer[] = [];
  /** The startup parameters of each login, in order. */
  readonly logins: Readonly<Record<string, string>>[] = [];
  /** Backends that are open. */
  readonly open = new Set<Socket>();
  #processId = 100;

  /** `verifier` is that of every role. */
  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  /** Takes the compute's end of a new connection. */
  readonly take = (_path: string, socket: Socket): void => {
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    socket.on('end', () => socket.end());
    // A peer that has gone ends the conversation, wherever it was.
    this.#converse(new WirePeer(socket)).catch(() => socket.destroy());
  };

  async #converse(peer: WirePeer): Promise<void> {
    const answer = this.answers.shift() ?? { kind: 'accept' };
    if (answer.kind === 'hangUp') {
      peer.socket.destroy();
      return;
    }
    const { packet } = await peer.packet(readStartupPacket);
    if (packet.kind !== 'startup' || answer.kind === 'silence') return;
    this.logins.push(Object.fromEntries(packet.parameters));
    if (answer.kind === 'refuse') {
      peer.socket.end(answer.response);
      return;
    }
    await this.#authenticate(peer);
    this.#processId++;
    peer.send(
      message('S', Buffer.from('server_version\x0018.4\0')),
      backendKeyData(this.#processId, Buffer.from('1234')),
      readyForQuery(IDLE),
    );
    await this.#serve(peer);
  }

  async #authenticate(peer: WirePeer): Promise<void> {
    const secret = parseVerifier(this.#verifier);
    if (secret === undefined) throw new Error('no verifier');
    const scram = new ScramServer({ secret, nonce: 'compute', channelBinding: null });
    peer.send(authenticationSasl(['SCRAM-SHA-256']));
    const first = await peer.packet(readPasswordMessage);
    const { mechanism, data } = readSaslInitialResponse(first.body);
    peer.send(authenticationSaslContinue(scram.challenge(mechanism, data)));
    const final = await peer.packet(readPasswordMessage);
    const proven = scram.finish(final.body);
    if (proven === undefined) throw new Error('the proxy proved nothing');
    peer.send(authenticationSaslFinal(proven.serverFinal), authenticationOk());
  }

  async #serve(peer: WirePeer): Promise<void> {
    for (;;) {
      const { type, body } = await peer.message();
      if (type === 'X') {
        peer.socket.end();
        return;
      }
      if (type === 'Q') peer.send(message('C', body), readyForQuery(IDLE));
    }
  }
}
