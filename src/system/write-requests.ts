/**
 * Node's own write requests, for a write without the stream around it.
 *
 * A handle writes at once what the kernel takes, and needs its request only for what is left. Which of
 * the two it was stands in the state that Node's streams look at themselves, in a binding that is not
 * documented. Where that is not to be had, sockets write the ordinary way.
 */

/** Bound to a write that has to wait; until then it may be used for any number of others. */
export type WriteRequest = {
  /** Called when the write is over, with 0 or a negative error number. */
  oncomplete?: (status: number) => void;
  /** What is written, kept from the collector until then. */
  chunk?: Uint8Array;
};

/** What has a binding of that name, such as `process`. */
type Bindings = { readonly binding?: (name: string) => unknown };

type StreamWrap = {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
};

export class WriteRequests {
  readonly #wrap: StreamWrap;

  constructor(wrap: StreamWrap) {
    this.#wrap = wrap;
  }

  make(): WriteRequest {
    return new this.#wrap.WriteWrap();
  }

  /** Whether the last write of any handle has to wait. To be asked right after it. */
  get isLastWaiting(): boolean {
    return this.#wrap.streamBaseState[this.#wrap.kLastWriteWasAsync] !== 0;
  }
}

/** Null where the binding is missing, forbidden or another than is known here. */
export function writeRequests(bindings: Bindings): WriteRequests | null {
  try {
    const wrap = bindings.binding?.('stream_wrap') as Partial<StreamWrap> | undefined;
    const isKnown =
      typeof wrap?.WriteWrap === 'function' &&
      wrap.streamBaseState instanceof Int32Array &&
      typeof wrap.kLastWriteWasAsync === 'number' &&
      wrap.kLastWriteWasAsync < wrap.streamBaseState.length;
    return isKnown ? new WriteRequests(wrap as StreamWrap) : null;
  } catch {
    return null;
  }
}
