/** The thread in which what tenants did is replayed: seconds of a processor that nobody else waits for. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ReplayJob } from '../control/economics/what-if-desk.ts';
import { isFault } from '../domain/faults.ts';
import { type ReplayWorld, replayed } from '../sim/what-if.ts';

const { job, world } = workerData as { readonly job: ReplayJob; readonly world: ReplayWorld };

try {
  parentPort?.postMessage({ results: replayed(job, world) });
} catch (error) {
  const isTheirs = isFault(error, 'BAD_REQUEST') || isFault(error, 'BAD_POLICY');
  if (!isTheirs) throw error;
  parentPort?.postMessage({ code: error.code, why: error.message });
}
