/**
 * Whether a session has asked anything but pings since somebody last looked. Only the statements that begin
 * as a ping are read; anything that is not certainly one counts as work.
 */
import { REQUEST } from '../wire/frames.ts';
import { isPing } from '../wire/ping.ts';

/** Prepared pings that are remembered by name; one more is work. */
const NAMES_MAX = 8;

export class Pulse {
  hasWorked = false;
  hasPinged = false;
  /** Whether the statement that was last asked, parsed or bound is a ping. */
  isPing = false;
  #isUnnamedPing = false;
  #names: Set<string> | null = null;

  /** Somebody has looked. */
  begin(): void {
    this.hasWorked = false;
    this.hasPinged = false;
  }

  /** The client sent `type`, whose body is `bytes` from `start` to `end`, or begins so. */
  asked(type: number, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case REQUEST.query:
        this.#note(isPing(bytes, start, end));
        return;
      case REQUEST.parse:
        if (bytes[start] === 0) {
          this.#isUnnamedPing = isPing(bytes, start + 1, end);
          this.#note(this.#isUnnamedPing);
        } else this.#note(this.#named(bytes, start, end));
        return;
      case REQUEST.bind:
        this.#note(this.#isBoundPing(bytes, start, end));
        return;
      case REQUEST.sync:
        this.hasPinged = true;
        return;
      case REQUEST.functionCall:
        this.#note(false);
        return;
    }
  }

  #note(is: boolean): void {
    this.isPing = is;
    if (is) this.hasPinged = true;
    else this.hasWorked = true;
  }

  /** A Parse with a name. */
  #named(bytes: Uint8Array, start: number, end: number): boolean {
    const zero = bytes.indexOf(0, start);
    const is = zero >= 0 && zero < end && isPing(bytes, zero + 1, end);
    if (!is && this.#names === null) return false;
    const name = textOf(bytes, start, zero);
    if (!is) this.#names?.delete(name);
    else {
      this.#names ??= new Set();
      if (this.#names.size < NAMES_MAX) this.#names.add(name);
    }
    return is;
  }

  #isBoundPing(bytes: Uint8Array, start: number, end: number): boolean {
    // A portal with a name is not what a ping has.
    if (bytes[start] !== 0) return false;
    if (bytes[start + 1] === 0) return this.#isUnnamedPing;
    if (this.#names === null) return false;
    const zero = bytes.indexOf(0, start + 1);
    return zero >= 0 && zero < end && this.#names.has(textOf(bytes, start + 1, zero));
  }
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
