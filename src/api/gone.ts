import type { FastifyReply } from 'fastify';

/** Aborts when the client hangs up before it has its answer. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const { raw } = reply;
  const onClose = (): void => {
    if (!raw.writableFinished) gone.abort(new Error('the client is gone'));
  };
  if (raw.destroyed) onClose();
  else raw.once('close', onClose);
  return gone.signal;
}
