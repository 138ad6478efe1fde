/** What PostgreSQL says beside its answers, so much of it as may be told of one query. */
import type { DatabaseNotice } from '../../domain/faults.ts';
import { NOTICE_BYTES_MAX, NOTICES_MAX } from '../../domain/query.ts';

/** As `pg` has it. */
export type RawNotice = { readonly [F in keyof DatabaseNotice]: string | undefined };

export class Notices {
  readonly #all: DatabaseNotice[] = [];
  #bytes = 0;
  #given = 0;
  #leftOut = 0;

  /** Once one is left out so are all behind it: what is told is the beginning. */
  add({ severity = 'NOTICE', message = '', detail, hint }: RawNotice): void {
    this.#bytes += [message, detail, hint].reduce(
      (sum, text = '') => sum + Buffer.byteLength(text),
      0,
    );
    if (this.#all.length >= NOTICES_MAX || this.#bytes > NOTICE_BYTES_MAX) {
      this.#leftOut += 1;
      return;
    }
    this.#all.push({
      ...{ severity, message },
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** Those since it was asked last: of the statement that has just ended. */
  next(): readonly DatabaseNotice[] {
    const since = this.#all.slice(this.#given);
    this.#given = this.#all.length;
    return since;
  }

  get all(): readonly DatabaseNotice[] {
    return this.#all;
  }

  get leftOut(): number {
    return this.#leftOut;
  }
}
