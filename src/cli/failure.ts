/** Failures that the command line finds by itself, and how any failure is told. */
import { DynaBaseError } from '../sdk/error.ts';
import type { Style } from './style.ts';

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
