/** The program of a worker: takes a job at a time, answers it, waits for the next. */
import { parentPort } from 'node:worker_threads';
import { type Job, perform } from './chunk-jobs.ts';
import { Damage } from './damage.ts';

parentPort?.on('message', (job: Job) => {
  try {
    const answer = perform(job);
    const memory = answer !== null && 'bytes' in answer ? [answer.bytes.buffer as ArrayBuffer] : [];
    parentPort?.postMessage({ answer }, memory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    parentPort?.postMessage({ error, code, isDamage: error instanceof Damage });
  }
});
