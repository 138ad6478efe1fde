/** The work behind `dynabase doctor`: looks, and changes nothing. Loaded only when it is asked for. */
import type { Finding } from '../../cli/doctor.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { examineDirectory } from './directory.ts';
import { examineDoors } from './doors.ts';
import { examineMachine } from './machine.ts';

export async function examine(options: ServerOptions): Promise<readonly Finding[]> {
  const machine = await examineMachine(options);
  const directory = await examineDirectory(options);
  const doors = await examineDoors(options, directory.isUsed);
  return [...machine, ...directory.findings, ...doors];
}
