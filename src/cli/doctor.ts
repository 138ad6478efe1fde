/** `dynabase doctor`: what is right and wrong with a machine and a data directory, and what to do. */
import type { Command } from 'commander';
import { DynaBaseError } from '../sdk/error.ts';
import type { Run } from './command.ts';
import type { ServerOptions } from './options/options.ts';
import { serverOptionNames } from './options/options.ts';
import { readOptions } from './options/read-options.ts';
import { readClientOptions } from './server.ts';
import type { Style } from './words/style.ts';
import { padEnd } from './words/width.ts';

export const SEVERITIES = ['ok', 'note', 'warning', 'problem'] as const;

export type Severity = (typeof SEVERITIES)[number];

export type Finding = {
  /** What was looked at: `disk`, `port 6432`. */
  readonly check: string;
  /** A problem keeps a server from its work; a warning does not; a note is only to be known. */
  readonly severity: Severity;
  readonly says: string;
  /** Null where there is nothing to do. */
  readonly todo: string | null;
};

/** Handed in by `main`, which may touch the machine. */
export type Doctor = (options: ServerOptions) => Promise<readonly Finding[]>;

export function addDoctorCommand(program: Command, run: Run, doctor: Doctor): Command {
  return program
    .command('doctor')
    .description('Examine this machine and the data directory, and say what to do')
    .addHelpText('after', DOCTOR_HELP)
    .action(
      run(async ({ world, printer }, _, own: object) => {
        const { sources } = await readClientOptions(world, { ...program.opts(), ...own });
        const findings = await doctor(readOptions(sources, serverOptionNames));
        const counts = Object.fromEntries(
          SEVERITIES.map((one) => [one, findings.filter((f) => f.severity === one).length]),
        );
        printer.answer({ findings, counts }, (style) => findingsText(findings, style));
        const problems = findings.filter(({ severity }) => severity === 'problem');
        if (problems.length > 0) throw unwell(problems.length);
      }),
    );
}

const DOCTOR_HELP = `
Takes the options that "dynabase up" will be given. Ends with
status 0 if a server can run here, also with warnings, and with 1 if a problem is in its way.`;

const unwell = (count: number): DynaBaseError =>
  new DynaBaseError({
    code: 'UNWELL',
    message: count === 1 ? 'there is a problem' : `there are ${count} problems`,
    sqlstate: '55000',
    http: 500,
    retry: 'never',
  });

const MARKS: Readonly<Record<Severity, string>> = {
  ok: 'ok',
  note: 'note',
  warning: 'warning',
  problem: 'problem',
};

function findingsText(findings: readonly Finding[], style: Style): string {
  const paint = { ok: style.green, note: style.dim, warning: style.yellow, problem: style.red };
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, severity, says, todo }) => {
      const mark = paint[severity](padEnd(MARKS[severity], 'problem'.length));
      const indent = ' '.repeat('problem'.length + width + 4);
      return [
        `${mark}  ${padEnd(check, width)}  ${says}`,
        ...(todo === null ? [] : [`${indent}${style.bold('do:')} ${todo}`]),
      ];
    })
    .join('\n');
}
