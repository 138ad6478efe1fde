/**
 * From a proven password to a backend: wakes the compute and logs in to it.
 *
 *   waking ──address──▶ binding ──▶ bound
 *     ▲                    │
 *     └── no answer, or starting up or shutting down: tell the gate, wait a little, again
 *
 * A compute may stop between the wake and the login; the client need not know. It is told only what
 * the compute says for good, word for word, or that the time is over.
 */
import type { Clock } from '../domain/clock.ts';
import type { Gate, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import { ms, seconds } from '../domain/units.ts';
import {
  type Backend,
  type BackendOptions,
  BackendRefused,
  BackendUnreachable,
  openBackend,
} from './backend.ts';
import { newNonce } from './login.ts';

/** What PostgreSQL says of itself while it starts, stops, or has just been killed. */
const PASSING: ReadonlySet<string> = new Set([
  '57P03', // cannot_connect_now
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
]);

/** Waits between tries; then the longest. */
const PAUSES = [ms(5), ms(20), ms(50), ms(100), ms(250)] as const;
const LONGEST_PAUSE = ms(500);

/** For one login to the compute; then it is asked for anew. */
const LOGIN_MAX = seconds(10);

export type BindParts = {
  readonly network: Network;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: Random;
};

export type BindRequest = {
  readonly wake: WakeRequest;
  readonly backendRole: string;
  readonly clientKey: Uint8Array;
  readonly parameters: ReadonlyMap<string, string>;
  /** Called at each turn of the story above. */
  readonly onPhase: (phase: 'waking' | 'binding') => void;
};

/**
 * Resolves with a backend that is logged in. Throws what `Gate.wake` throws, or `BackendRefused`.
 * Tries until `signal` ends it, whose reason it throws then: whoever calls sets the bound.
 */
export async function bind(
  request: BindRequest,
  parts: BindParts,
  signal: AbortSignal,
): Promise<Backend> {
  const { gate, clock } = parts;
  for (let tries = 0; ; tries++) {
    request.onPhase('waking');
    const address = await abortable(gate.wake(request.wake), signal);
    request.onPhase('binding');
    try {
      return await openBackend(backendOptions(request, parts, address), signal);
    } catch (error) {
      if (!isPassing(error)) throw error;
      gate.unanswered(request.wake.tenant);
    }
    await clock.sleep(PAUSES[tries] ?? LONGEST_PAUSE, signal);
  }
}

function backendOptions(request: BindRequest, parts: BindParts, address: Address): BackendOptions {
  return {
    dial: (path) => parts.network.dial(path),
    clock: parts.clock,
    address,
    parameters: request.parameters,
    role: request.backendRole,
    clientKey: request.clientKey,
    nonce: newNonce(parts.random),
    giveUpAfter: LOGIN_MAX,
  };
}

const isPassing = (error: unknown): boolean =>
  error instanceof BackendUnreachable ||
  (error instanceof BackendRefused && PASSING.has(error.sqlstate));

/** The answer of `work`, or the signal's reason, whichever is first. `work` itself goes on. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
