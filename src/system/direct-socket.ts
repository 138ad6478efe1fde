/**
 * Direct sockets: reads out of Node's `onread`, writes by the handle.
 *
 * All of them read into one buffer, since nothing is read while a receiver runs; a socket whose reads
 * fill it gets a large one of its own until they are small again. An idle socket thus holds no buffer,
 * and a busy relay works on memory that the processor has at hand.
 *
 * Until a receiver is set, what is read is copied and pushed into the socket's own stream, so that
 * `data` events, `pause`, `read` and TLS on top of it work as on any socket.
 *
 * `forward` asks the handle to write. Nearly always the kernel takes all, and no stream has to know.
 * What has to wait is told to the stream as a write of its own that has begun already, so that order,
 * `writableLength`, `drain`, `end` and errors are the stream's as ever. It must outlive the shared
 * buffer: what was read into that is written from a copy, which costs less than the view that Node
 * wants of it and lies in the same place next time.
 */
import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { assert } from '../domain/assert.ts';
import {
  type DirectReads,
  type DirectSocket,
  type DirectWrites,
  type Receiver,
  SHARED_BYTES,
} from '../domain/direct-socket.ts';
import { type WriteRequest, writeRequests } from './write-requests.ts';

/** For rows and COPY: as much as Node itself reads at once. */
const LARGE_BYTES = 64 * 1024;

/** Reads in a row that the shared buffer would have held, until it is taken again. */
const SMALL_READS = 64;

/** Lengths whose views are kept. Most questions and answers are shorter. */
const VIEWED_BYTES = 2 * 1024;

type Handle = { writeBuffer(request: WriteRequest, chunk: Uint8Array): number };
type Adopted = { readonly request: WriteRequest; readonly error: number };

/** A buffer and the views of its beginning, which are made once: they cost more than a copy. */
class Slab {
  readonly buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  readonly #views: (Buffer | undefined)[] = new Array(VIEWED_BYTES).fill(undefined);

  first(length: number): Buffer {
    if (length >= VIEWED_BYTES) return this.buffer.subarray(0, length);
    const made = this.#views[length] ?? this.buffer.subarray(0, length);
    this.#views[length] = made;
    return made;
  }
}

/** What all sockets read into. */
const shared = new Slab();

/** What was read into `shared` is written from here. Replaced when such a write has to wait. */
let outgoing = new Slab();

const requests = writeRequests(process as object);
let request = requests?.make();

/** What the socket that reads, or is being made, shall read into next; null for the same again. */
let next: Buffer | null = null;

const ON_READ = {
  /** Node asks before the first read of a socket and after each, and not on its behalf. */
  buffer: (): Buffer => {
    const given = next;
    next = null;
    return given ?? (undefined as unknown as Buffer);
  },
  callback(this: Direct, end: number, buffer: Uint8Array): boolean {
    return this.received(buffer as Buffer, end);
  },
};

/** Connects to a Unix socket. */
export function dialDirect(path: string): DirectSocket {
  const socket = new Direct({ onread: ON_READ });
  next = shared.buffer;
  socket.connect({ path });
  return socket;
}

/**
 * The same connection as `accepted`, as a direct socket. `accepted` must come from a server with
 * `pauseOnConnect`, so that nothing was read from it; it is given up, and its server forgets it.
 *
 * Node can give `onread` only to sockets that it connects. An accepted one is made anew around the
 * same handle, for which there is no documented way: where the handle is not to be had, `accepted`
 * itself is returned, and all goes on at the ordinary price.
 */
export function directly(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (handle === undefined || handle === null) return accepted;
  next = shared.buffer;
  const socket = new Direct({ handle, allowHalfOpen: accepted.allowHalfOpen, onread: ON_READ });
  holder._handle = null;
  accepted.destroy();
  return socket;
}

class Direct extends Socket implements DirectReads, DirectWrites {
  receiver: Receiver | null = null;
  #smallReads = 0;
  /** A write that has begun, between the handle and the stream. */
  #adopted: Adopted | null = null;

  /** The options are Node's, and more than it documents. */
  constructor(options: object) {
    super(options);
  }

  get directReads(): DirectReads {
    return this;
  }

  get directWrites(): DirectWrites {
    return this;
  }

  /** The handle has read the first `end` bytes of `buffer`. False stops it. */
  received(buffer: Buffer, end: number): boolean {
    if (this.receiver === null) return this.push(Buffer.from(buffer.subarray(0, end)));
    const isKept = this.receiver(buffer, end);
    if (buffer === shared.buffer) {
      assert(!isKept, 'the shared buffer is not kept');
      if (end === SHARED_BYTES) this.#becomeLarge();
      return true;
    }
    this.#smallReads = end < SHARED_BYTES ? this.#smallReads + 1 : 0;
    if (this.#smallReads >= SMALL_READS) next = shared.buffer;
    else if (isKept) next = Buffer.allocUnsafeSlow(LARGE_BYTES);
    return true;
  }

  forward(buffer: Buffer, end: number): boolean {
    const handle = (this as unknown as { readonly _handle: Handle | null })._handle;
    if (requests === null || request === undefined || handle === null || !this.#isAtRest) {
      this.write(Buffer.from(buffer.subarray(0, end)));
      return false;
    }
    const isShared = buffer === shared.buffer;
    const chunk = isShared ? copied(end) : firstOf(buffer, end);
    const error = handle.writeBuffer(request, chunk);
    if (error === 0 && !requests.isLastWaiting) return false;
    this.#adopted = { request, error };
    request = requests.make();
    if (isShared) outgoing = new Slab();
    this.write(chunk);
    return !isShared;
  }

  /** Only the stream calls it: to begin a write, or to learn of the one that `forward` has begun. */
  override _write(
    chunk: Buffer,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    const adopted = this.#adopted;
    if (adopted === null) {
      super._write(chunk, encoding, done);
      return;
    }
    this.#adopted = null;
    if (adopted.error !== 0) {
      done(writeError(adopted.error));
      return;
    }
    adopted.request.chunk = chunk;
    adopted.request.oncomplete = (status) => {
      done(status === 0 || this.destroyed ? null : writeError(status));
    };
  }

  /** Whether a write now would reach the handle at once, with nothing before it. */
  get #isAtRest(): boolean {
    return (
      this.writableLength === 0 && this.writable && !this.connecting && this.writableCorked === 0
    );
  }

  #becomeLarge(): void {
    this.#smallReads = 0;
    next = Buffer.allocUnsafeSlow(LARGE_BYTES);
  }
}

/** The first `end` bytes of the shared buffer, where no read can change them. */
function copied(end: number): Buffer {
  const copy = outgoing.first(end);
  copy.set(shared.first(end));
  return copy;
}

const firstOf = (buffer: Buffer, end: number): Buffer =>
  end === buffer.length ? buffer : buffer.subarray(0, end);

/** As Node's own sockets fail. */
function writeError(errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' });
}
