/**
 * Requests that take as long as there is data to move, and those that are sent slowly.
 *
 * Clients and what is between give up on a server that says nothing for some minutes. So while such
 * a request is under way it is told so: `102 Processing` is an answer before the answer, which every
 * HTTP client must skip. Source: RFC 9110, 15.2; RFC 2518, 10.1.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../domain/clock.ts';
import { seconds } from '../domain/units.ts';

/** Well below the minute that many proxies allow. */
const TELL_EVERY = seconds(20);

/** Longest wait for a request to arrive in full, where that is not a file. */
const ARRIVED_WITHIN = seconds(30);

const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** What `work` gives, the client being told meanwhile that it is under way. */
export async function telling<T>(
  clock: Clock,
  reply: FastifyReply,
  work: () => Promise<T>,
): Promise<T> {
  let cancel = (): void => {};
  const tell = (): void => {
    cancel = clock.timer(TELL_EVERY, () => {
      if (reply.raw.headersSent || reply.raw.destroyed) return;
      reply.raw.writeProcessing();
      tell();
    });
  };
  // HTTP/1.0 knows no answer before the answer.
  if (reply.request.raw.httpVersion === '1.1') tell();
  try {
    return await work();
  } finally {
    cancel();
  }
}

/** Ends the connection of a request whose body does not arrive in time. */
export function boundArrival(clock: Clock, { raw }: FastifyRequest): void {
  const cancel = clock.timer(ARRIVED_WITHIN, () => {
    if (!raw.complete) raw.socket.end(TIMED_OUT, () => raw.socket.destroy());
  });
  raw.once('close', cancel);
}
