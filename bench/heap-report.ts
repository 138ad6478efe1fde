/**
 * Loaded into the processes of a server by `--import`, for `bench/parked.ts`: at SIGUSR2 all garbage
 * is collected, and what is left, in kB, is a line of JSON more in `heap` of the working directory.
 */
import { appendFileSync } from 'node:fs';
import { memoryUsage } from 'node:process';

const PASSES = 4;

process.on('SIGUSR2', () => {
  for (let pass = 0; pass < PASSES; pass++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = memoryUsage();
  appendFileSync(
    'heap',
    `${JSON.stringify({ heap: heapUsed / 1024, buffers: arrayBuffers / 1024 })}\n`,
  );
});
