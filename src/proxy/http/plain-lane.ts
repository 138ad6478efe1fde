/**
 * The short way for the request that nearly all are: whole in one chunk, `POST /sql`, one after the other.
 *
 *   resting ──such a request──▶ answering ──▶ resting ──nothing for `REST_MAX`──▶ closed
 *      └──anything else, or the next before the answer──▶ Node's server, with all that was read
 *
 * Node's own way costs more than all else that we do for a small call: objects, events and timers for
 * what these requests do not have. Here a call is read out of the socket's buffer and answered with one
 * write. Whoever sends anything else, however little, is Node's from then on.
 */
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import { elapsed, type Instant, seconds } from '../../domain/units.ts';
import type { PlainRequest } from '../../wire/http-known-head.ts';
import { PlainRequests } from '../../wire/http-request.ts';
import { forward } from '../forward.ts';
import { receive } from '../receive.ts';
import { Departure } from './departure.ts';
import type { HttpReply } from './http-replies.ts';

/** As Node's server keeps connections. */
const REST_MAX = seconds(75);

/** What may come before the answer, for whoever goes on then. */
const EARLY_BYTES_MAX = 64 * 1024;

export type LaneOptions = {
  readonly clock: Clock;
  /** Answers a call, now or later; with null if nobody is left to hear it. `gone` tells that there is not. */
  readonly reply: (
    request: PlainRequest,
    gone: Departure,
    then: (reply: HttpReply | null) => void,
  ) => void;
  /** Head and body, as they are sent on a connection that is kept. */
  readonly bytesOf: (reply: HttpReply) => Buffer;
  /** The socket is another's from now on, with all that was not answered put back. */
  readonly onLeft: () => void;
};

export class PlainLane {
  readonly #socket: Socket;
  readonly #options: LaneOptions;
  readonly #requests = new PlainRequests();
  #stopReceiving: () => void = () => {};
  #gone: Departure | null = null;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #isOver = false;
  #isEnding = false;
  #restsSince: Instant;
  #cancelTimer: CancelTimer;

  constructor(socket: Socket, options: LaneOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#restsSince = options.clock.now();
    this.#cancelTimer = this.#watch();
  }

  /** `head` was read before. */
  begin(head: Buffer): void {
    const socket = this.#socket;
    socket.on('end', this.#ended);
    socket.on('close', this.#closed);
    this.#take(head, head.length);
    if (this.#isOver) return;
    this.#stopReceiving = receive(socket, (buffer, end) => {
      this.#take(buffer, end);
      return false;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes no more; what is under way is answered. */
  end(): void {
    this.#isEnding = true;
    if (this.#gone === null) this.#socket.destroySoon();
  }

  #take(buffer: Buffer, end: number): void {
    if (this.#isOver || end === 0) return;
    const request = this.#gone === null ? this.#requests.read(buffer, end) : null;
    const isAll = request !== null && request.length === end;
    if (request !== null && isAll) {
      const gone = new Departure();
      this.#gone = gone;
      this.#options.reply(request, gone, this.#answer);
      return;
    }
    this.#early.push(Buffer.from(buffer.subarray(0, end)));
    this.#earlyBytes += end;
    if (this.#gone === null) this.#leave();
    else if (this.#earlyBytes > EARLY_BYTES_MAX) this.#socket.pause();
  }

  readonly #answer = (reply: HttpReply | null): void => {
    const gone = this.#gone;
    this.#gone = null;
    this.#restsSince = this.#options.clock.now();
    if (reply === null || gone?.isGone !== false || this.#isOver) return;
    const bytes = this.#options.bytesOf(reply);
    forward(this.#socket, bytes, bytes.length);
    if (this.#isEnding) this.#socket.destroySoon();
    else if (this.#early.length > 0 || this.#socket.writableLength > 0) this.#leave();
  };

  #leave(): void {
    this.#finish();
    const early = Buffer.concat(this.#early);
    this.#early = [];
    if (this.#socket.destroyed) return;
    if (early.length > 0) this.#socket.unshift(early);
    this.#options.onLeft();
  }

  /** It sends no more, and so reads no more, as far as is known of any client of HTTP. */
  readonly #ended = (): void => {
    this.#finish();
    this.#gone?.happened();
    this.#socket.destroySoon();
  };

  readonly #closed = (): void => {
    this.#finish();
    this.#gone?.happened();
  };

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    this.#stopReceiving();
    this.#socket.off('end', this.#ended);
    this.#socket.off('close', this.#closed);
  }

  #watch(): CancelTimer {
    const { clock } = this.#options;
    return clock.timer(REST_MAX, () => {
      const rested = elapsed(this.#restsSince, clock.now());
      if (this.#gone === null && rested >= REST_MAX) this.#socket.destroySoon();
      else this.#cancelTimer = this.#watch();
    });
  }
}
