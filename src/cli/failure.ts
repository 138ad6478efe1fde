/** Failures that the command line finds by itself, and how any failure is told. */
import { DynaBaseError } from '../sdk/error.ts';
import type { Style } from './words/style.ts';

export function badOption(option: string, why: string): DynaBaseError {
  return new DynaBaseError({
    code: 'BAD_OPTION',
    message: `option ${option}: ${why}`,
    sqlstate: '22023',
    http: 400,
    retry: 'never',
  });
}

export function badRequest(message: string): DynaBaseError {
  return new DynaBaseError({
    code: 'BAD_REQUEST',
    message,
    sqlstate: '22023',
    http: 400,
    retry: 'never',
  });
}

/** Books that do not agree, for whoever runs the command from a script: the answer has said which. */
export const differing = (count: number): DynaBaseError =>
  new DynaBaseError({
    code: 'DIFFERENT',
    message: count === 1 ? 'there is a difference' : `there are ${count} differences`,
    sqlstate: '55000',
    http: 409,
    retry: 'never',
  });

/** What the system says of a file that a person named, in words that say what to do. */
const FILE_TROUBLE: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full; make room, or name a file elsewhere',
  EDQUOT: 'the quota of its disk is used up; make room, or name a file elsewhere',
  ENOENT: 'there is no such directory; make it, or name a file elsewhere',
  ENOTDIR: 'what should be its directory is none; name a file elsewhere',
  EISDIR: 'it is a directory; name a file',
  EACCES: 'you may not do that there; name a file elsewhere',
  EROFS: 'its disk is read only; name a file elsewhere',
  ENAMETOOLONG: 'its name is too long; name another',
};

/** Does `work` on a file that a person named. Throws `BAD_REQUEST` for what that person can mend. */
export async function onFile<T>(
  file: string,
  what: 'read' | 'written',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = FILE_TROUBLE[code];
    throw why === undefined ? error : badRequest(`${file} cannot be ${what}: ${why}`);
  }
}

/** A failure whose message goes with lines that explain it: a statement, a hint. */
export interface Explained {
  /** Further lines for people, in order. */
  readonly lines: readonly string[];
  /** Further fields for programs. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** `error: message [CODE]`, then what explains it. */
export function failureText(error: unknown, style: Style): string {
  const { code, message } = toldOf(error);
  const lines = isExplained(error) ? error.lines : [];
  return [`${style.red('error:')} ${message} ${style.dim(`[${code}]`)}`, ...lines].join('\n');
}

/** The same as one JSON object on one line. */
export function failureJson(error: unknown): string {
  const { code, message } = toldOf(error);
  const requestId = error instanceof DynaBaseError ? error.requestId : null;
  const fields = isExplained(error) ? error.fields : {};
  return JSON.stringify({ code, message, ...fields, ...(requestId ? { requestId } : {}) });
}

/** Faults of the server's own process carry a code too; what carries none is our mistake. */
function toldOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'INTERNAL', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
  return { code, message: error.message };
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'lines' in error && 'fields' in error;
