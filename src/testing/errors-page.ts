/** The text of `docs/errors.md`, made from the fault table and its guide. */
import type { FaultKind, FaultSpec } from '../domain/fault-spec.ts';
import { FAULTS, type FaultCode, fault } from '../domain/faults.ts';
import { FAULT_GUIDE } from './fault-guide.ts';

const KINDS: Readonly<Record<FaultKind, string>> = {
  client: 'The request or the connection is wrong; whoever sent it can correct it.',
  quota: 'A limit is reached.',
  compute: 'The PostgreSQL of one tenant does not answer.',
  control: 'The server, its catalog or its machine needs attention.',
  internal: 'A mistake of ours.',
};

const INTRODUCTION = `# Errors

Every failure that DynaBase itself reports has a code. A PostgreSQL client gets the SQLSTATE and the
message; a client of the API gets the code, the HTTP status and the message; the command line prints
code and message, and exits with status 1. Errors of SQL come from PostgreSQL unchanged and are not
listed here.

_Retry_ says whether the same request may succeed when it is repeated: \`never\`, or \`soon\`, after a
short wait.

This page is made from the fault table by \`UPDATE=1 npx vitest run src/domain/faults.test.ts\`.
`;

export const FAULT_CODES = Object.keys(FAULTS) as readonly FaultCode[];

/** The whole page: the faults of each kind together, in the order of the table. */
export function errorsPage(): string {
  const kinds = Object.entries(KINDS).map(([kind, meaning]) => {
    const codes = FAULT_CODES.filter((code) => FAULTS[code].kind === kind);
    return `## Kind \`${kind}\`\n\n${meaning}\n\n${codes.map(section).join('\n')}`;
  });
  return [INTRODUCTION, ...kinds].join('\n');
}

/** The message of `code` with the params of the guide. */
export const exampleMessage = (code: FaultCode): string =>
  fault(code, FAULT_GUIDE[code].params as never).message;

function section(code: FaultCode): string {
  const { sqlstate, http, retry }: FaultSpec = FAULTS[code];
  return `### ${code}

SQLSTATE \`${sqlstate}\`, HTTP ${http}, retry: ${retry}.

> ${exampleMessage(code)}

${FAULT_GUIDE[code].advice}
`;
}
