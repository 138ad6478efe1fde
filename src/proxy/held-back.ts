/** What a client has sent while nobody could take it, in order. */
import { FrameWalker, peeks, REQUEST, REQUEST_LENGTH_MAX, STATUS } from '../wire/frames.ts';
import { RequestLedger } from './ledger.ts';

type Chunk = { readonly bytes: Buffer; isSent: boolean };

const EVERY_REQUEST = peeks(Object.fromEntries(Object.values(REQUEST).map((type) => [type, 0])));

export class HeldBack {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  /** The bytes are its own from now on. */
  add(bytes: Buffer): void {
    this.#chunks.push({ bytes, isSent: false });
    this.#length += bytes.length;
  }

  /** What has not been sent, which counts as sent from now on. It stays here. */
  send(): readonly Buffer[] {
    const left = this.#chunks.filter((chunk) => !chunk.isSent);
    for (const chunk of left) chunk.isSent = true;
    return left.map((chunk) => chunk.bytes);
  }

  /** What has been sent, which is no longer here. */
  takeSent(): readonly Buffer[] {
    const count = this.#chunks.filter((chunk) => chunk.isSent).length;
    const sent = this.#chunks.splice(0, count).map((chunk) => chunk.bytes);
    for (const bytes of sent) this.#length -= bytes.length;
    return sent;
  }

  /** Nobody has taken it after all. */
  unsend(): void {
    for (const chunk of this.#chunks) chunk.isSent = false;
  }

  /** ReadyForQuery that the client waits for with this; null if that cannot be told. */
  owed(): number | null {
    const ledger = new RequestLedger(STATUS.idle);
    const walker = new FrameWalker({
      peeks: EVERY_REQUEST,
      lengthMax: REQUEST_LENGTH_MAX,
      listener: { frame: (type) => ledger.asked(type, 0 as never) },
    });
    for (const { bytes } of this.#chunks) {
      if (!walker.walk(bytes, bytes.length)) return null;
    }
    return walker.atBoundary ? ledger.owed : null;
  }
}
