import { readlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { overseen } from '../control/overseen.ts';
import type { Gate } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';

const OF_THIS_PROCESS = '/proc/self/fd/';

/**
 * `gate` with addresses that hold in processes that work in `directory`: a socket whose path is too
 * long is named by a descriptor of this process, and there by the way to it.
 */
export const portableGate = (gate: Gate, directory: string): Gate =>
  overseen(gate, {
    own: { wake: async (request) => portable(await gate.wake(request), directory) },
  });

function portable(address: Address, directory: string): Address {
  const { socketPath } = address;
  if (!socketPath.startsWith(OF_THIS_PROCESS)) return address;
  const real = join(readlinkSync(dirname(socketPath)), basename(socketPath));
  return { socketPath: relative(directory, real) };
}
