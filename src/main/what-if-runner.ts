/** Replays in a thread of its own, which ends with the replay. */
import { Worker } from 'node:worker_threads';
import type { Replayed, Replayer } from '../control/economics/what-if-desk.ts';
import { Fault, type FaultCode } from '../domain/faults.ts';
import type { ReplayWorld } from '../sim/what-if.ts';

const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './what-if-worker.ts' : './what-if-worker.js',
  import.meta.url,
);

/** A replay of a fleet fits; one that does not is no reason for the server to end. */
const MEMORY_MB = 512;

type Said =
  | { readonly results: readonly (readonly Replayed[])[] }
  | { readonly code: FaultCode; readonly why: string };

export const threadedReplayer = (world: () => ReplayWorld): Replayer => ({
  replay: (job, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const worker = new Worker(PROGRAM, {
        workerData: { job, world: world() },
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      });
      const stop = (): void => {
        void worker.terminate();
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      worker.once('message', (said: Said) => {
        if ('why' in said) reject(new Fault(said.code, said.why));
        else resolve(said.results);
      });
      worker.once('error', reject);
      worker.once('exit', () => {
        signal.removeEventListener('abort', stop);
        reject(new Error('the replay has ended without a word'));
      });
    }),
});
