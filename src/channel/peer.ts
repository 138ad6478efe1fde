/**
 * One end of a channel between two processes: calls that are answered, and words that are not.
 *
 * Each direction is one ordered stream: what one side sends first, the other takes up first. A
 * message is taken up when all that the one before it caused at once has happened, just as if the
 * two sides called each other's methods in one process; otherwise a call could overtake what waits
 * for the answer before it.
 *
 *   open ──close(), the stream ends or speaks nonsense──▶ closed: calls without answer fail
 *
 * What waits to be written is bounded by whoever calls: `isCongested` says when to leave out what
 * can be left out.
 */
import type { Duplex } from 'node:stream';
import { FrameReader, frameOf } from './frames.ts';
import { faultFrom, type PlainFault, plainFault } from './plain-fault.ts';

type Message =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly fault: PlainFault }
  | { readonly kind: 'word'; readonly method: string; readonly args: readonly unknown[] };

/** The other side is gone. Whether it has done what it was asked is not known. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed';
}

export interface Listener {
  /** The answer to a call. A rejection is told to the caller as a fault. */
  called(method: string, args: readonly unknown[]): Promise<unknown>;
  /** Something was said that needs no answer. Must not throw. */
  told(method: string, args: readonly unknown[]): void;
  /** Called once. `because` is undefined where the stream simply ended. */
  closed(because?: Error): void;
  /** What waited to be written has been taken. */
  drained(): void;
}

type Call = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

/** Unwritten bytes from which on the other side is taken for busy. */
const CONGESTED_BYTES = 256 * 1024;

export class Peer {
  readonly #stream: Duplex;
  readonly #listener: Listener;
  readonly #reader = new FrameReader();
  readonly #calls = new Map<number, Call>();
  readonly #arrived: Message[] = [];
  #isTaking = false;
  #isClosed = false;
  #lastId = 0;

  constructor(stream: Duplex, listener: Listener) {
    this.#stream = stream;
    this.#listener = listener;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('drain', () => listener.drained());
    stream.on('error', (error) => this.#close(error));
    stream.on('end', () => this.close());
    stream.on('close', () => this.#close());
  }

  get isCongested(): boolean {
    return this.#stream.writableLength > CONGESTED_BYTES;
  }

  /** What the other side answers. Rejects with the fault it tells, or `ChannelClosed`. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new ChannelClosed());
        return;
      }
      const id = ++this.#lastId;
      this.#calls.set(id, { resolve, reject });
      this.#send({ kind: 'call', id, method, args });
    });
  }

  /** Says something that needs no answer. Silent once the channel is closed. */
  tell(method: string, ...args: readonly unknown[]): void {
    this.#send({ kind: 'word', method, args });
  }

  close(): void {
    this.#close();
  }

  #send(message: Message): void {
    if (!this.#isClosed) this.#stream.write(frameOf(message));
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#arrived.push(...(this.#reader.read(chunk) as Message[]));
    } catch (error) {
      this.#close(error as Error);
      return;
    }
    if (this.#isTaking) return;
    this.#isTaking = true;
    this.#takeNext();
  }

  #takeNext(): void {
    const message = this.#arrived.shift();
    if (message === undefined) {
      this.#isTaking = false;
      return;
    }
    this.#take(message);
    // A tick that is asked for among microtasks comes when none of them is left.
    queueMicrotask(() => process.nextTick(() => this.#takeNext()));
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'call':
        this.#answer(message.id, this.#listener.called(message.method, message.args));
        return;
      case 'word':
        this.#listener.told(message.method, message.args);
        return;
      case 'answer':
        this.#taken(message.id)?.resolve(message.value);
        return;
      case 'refusal':
        this.#taken(message.id)?.reject(faultFrom(message.fault));
        return;
      default:
        message satisfies never;
    }
  }

  #taken(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #answer(id: number, work: Promise<unknown>): void {
    work
      .then((value) => this.#send({ kind: 'answer', id, value }))
      .catch((error: unknown) => this.#send({ kind: 'refusal', id, fault: plainFault(error) }));
  }

  #close(because?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.destroy();
    this.#listener.closed(because);
    for (const call of this.#calls.values()) call.reject(new ChannelClosed());
    this.#calls.clear();
  }
}
