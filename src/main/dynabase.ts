/** The program `dynabase`: builds the command line over the real world and runs it. */
import { readFileSync } from 'node:fs';
import { buildProgram, runProgram } from '../cli/program.ts';
import { realWorld } from './world.ts';

// A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const world = realWorld();
const version = versionOfPackage();
const program = buildProgram({
  world,
  version,
  // Loaded only here: every other command is a short call over HTTP and should start at once.
  up: async (options) => (await import('./up.ts')).up(options, world, version),
  doctor: async (options) => (await import('./doctor/doctor.ts')).examine(options),
  simulate: async (request, tell) => (await import('./simulate.ts')).simulate(request, tell),
});
process.exitCode = await runProgram(program, process.argv.slice(2), world);

function versionOfPackage(): string {
  const read: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const version =
    typeof read === 'object' && read !== null && 'version' in read ? read.version : '';
  return String(version);
}
