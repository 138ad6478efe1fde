/**
 * A compute that was killed, or whose machine went down, leaves data that only a start can make whole.
 * Such data cannot be archived, so it is started once, for nobody, and shut down.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Limits, SizeClass } from '../../domain/tier.ts';
import { seconds } from '../../domain/units.ts';
import { STOP_PATIENCE } from '../compute.ts';
import { featuresOf } from '../engine-version.ts';
import type { ComputeFiles } from '../layout.ts';
import { isErrno } from '../machine/durable.ts';
import { killAll } from '../machine/processes.ts';
import { settingsOf } from '../settings.ts';
import { type Ground, startCompute } from '../start.ts';

/** The replay of a log is all that runs. */
const SIZE: SizeClass = {
  sharedBuffersMb: 16,
  workMemKb: 4_096,
  maintenanceWorkMemMb: 16,
  connectionsMax: 10,
};
const LIMITS: Limits = {
  memoryMb: 512,
  cpuPercent: null,
  processesMax: 64,
  ioMbPerSecond: null,
};

const GIVE_UP_AFTER = seconds(600);

/** In pg_control. Source: PostgreSQL `catalog/pg_control.h`, `ControlFileData`, `DBState`. */
const STATE_OFFSET = 16;
const SHUT_DOWN = 1;

/** Whether PostgreSQL says of its data that it was shut down cleanly. False for what is no control file. */
export async function wasShutDown({ data }: ComputeFiles): Promise<boolean> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  try {
    const path = join(data, 'global', 'pg_control');
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const state = Buffer.alloc(4);
    const { bytesRead } = await file.read(state, 0, state.length, STATE_OFFSET);
    return bytesRead === state.length && state.readUInt32LE() === SHUT_DOWN;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO', 'EISDIR')) return false;
    throw error;
  }
}

/**
 * Starts the compute and stops it. Nothing else may be done to it meanwhile. Throws as a start does, and
 * the reason of `signal`; the data is then as whole as before.
 */
export async function recover(
  ground: Ground,
  files: ComputeFiles,
  signal: AbortSignal,
): Promise<void> {
  const giveUp = () => killAll(files);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const settings = settingsOf({
      features: featuresOf(ground.engine.version),
      size: SIZE,
      clusterName: 'recovery',
      onLinux: process.platform === 'linux',
      countsStatements: false,
    });
    const bounds = { limits: LIMITS, giveUpAfter: GIVE_UP_AFTER };
    const compute = await startCompute(ground, { files, settings, ...bounds });
    try {
      await compute.stop(STOP_PATIENCE);
    } finally {
      compute.release();
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
    signal.throwIfAborted();
  }
}
