/**
 * Room for bodies that are longer than most.
 *
 * A body is held as text, read as JSON, and copied on its way to a database: some times its length for as long as its
 * request is under way. So they share what room there is. One takes its place before it is read and by the length that was
 * announced, or, where none was, by the longest that there may be.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../../domain/faults.ts';

/** Largest request body that is no file, where its route does not say more; the largest sensible one has a few hundred bytes. */
export const BODY_BYTES_MAX = 65_536;

/** Of all requests together. */
export const LARGE_BODIES_BYTES_MAX = 67_108_864;

export class LargeBodies {
  #held = 0;

  /** Until the request is over. Throws `BODIES_FULL`. */
  hold({ headers }: Pick<FastifyRequest, 'headers'>, { raw }: FastifyReply, most: number): void {
    const announced = Number(headers['content-length'] ?? most);
    // What is longer than may be is refused unread.
    if (announced <= BODY_BYTES_MAX || announced > most) return;
    if (this.#held + announced > LARGE_BODIES_BYTES_MAX) {
      throw fault('BODIES_FULL', { bytesMax: LARGE_BODIES_BYTES_MAX });
    }
    this.#held += announced;
    raw.once('close', () => {
      this.#held -= announced;
    });
  }
}
