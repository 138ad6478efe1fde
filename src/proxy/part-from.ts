import type { Evidence } from './evidence.ts';
import type { PooledBackend } from './pooled-backend.ts';
import type { Exchange, KeptOptions } from './relay-options.ts';
import type { Traffic } from './traffic.ts';

export type Parting = {
  /** The client said goodbye: it may be one of many that come and go. */
  readonly hasTerminated: boolean;
  readonly traffic: Traffic;
  /** What it is being asked behind the client's back. */
  readonly asked: Exchange | null;
  /** A cancel may still hit what it does next. */
  readonly isBeingCancelled: boolean;
  readonly evidence: Evidence;
};

/** A client has gone: what becomes of its backend depends on what that is doing. */
export function partFrom(server: PooledBackend, parting: Parting, options: KeptOptions): void {
  const { traffic, asked, isBeingCancelled, evidence } = parting;
  const { cancels, pool, clock } = options;
  const hasOurs = asked?.withHeldBack ?? false;
  const isAtWork = hasOurs || traffic.ledger.isBusy || traffic.isWithinRequest;
  // The client said goodbye, and PostgreSQL finishes what was asked before that.
  if (server.hasEnded || traffic.hasTerminated) server.leave(clock);
  else if (isAtWork) {
    void cancels.send({ backend: server, isBusy: true });
    server.destroy();
  } else if (parting.hasTerminated && asked === null && !isBeingCancelled && traffic.isIdle) {
    pool.leftBy(server, evidence, true);
  } else server.leave(clock);
}
