/** What is said of a failure: what happened in words of people, and what to do about it. */
import { DynaBaseError } from '../../sdk/index.ts';

export type Told = {
  readonly what: string;
  /** Empty where what happened says it. */
  readonly advice: string;
  /** For who asks for help; null where they say nothing. */
  readonly code: string | null;
  readonly request: string | null;
};

/** Whether the same question may well be answered in a moment. */
export const mayPass = (error: unknown): boolean =>
  error instanceof DynaBaseError && error.retry === 'soon';

/** `isAskedAgain`: a question, which the page asks again by itself; what was to be done waits for somebody to try again. */
export function toldOf(error: unknown, isAskedAgain = false): Told {
  if (error instanceof DynaBaseError) {
    const { code, requestId: request } = error;
    return { what: wordsOf(error), advice: adviceOf(error, isAskedAgain), code, request };
  }
  const nothing = { code: null, request: null };
  if (!isMistake(error)) {
    const what = error instanceof Error ? error.message : String(error);
    return { what, advice: '', ...nothing };
  }
  const what = 'This part of the page has failed.';
  return { what, advice: 'It is a mistake of ours. Load the page again.', ...nothing };
}

/** What the language throws at whoever has written something wrong, and nobody else understands. */
const isMistake = (error: unknown): boolean =>
  [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);

/** The SDK tells who runs a server how to start one; who looks at a page of it is no help with that. */
const wordsOf = ({ code, message }: DynaBaseError): string =>
  code === 'SERVER_UNREACHABLE' ? 'The server cannot be reached.' : message;

/** What to do about it, beyond what it says of itself. */
function adviceOf(
  { code, http, retry, retryAfterMs }: DynaBaseError,
  isAskedAgain: boolean,
): string {
  if (code === 'FORBIDDEN') return 'Ask an administrator for more rights.';
  if (code === 'CHANGED_SINCE') return 'Load the page again to see how it is now.';
  if (http === 401) return 'Log in again.';
  if (http === 404) return 'It may have been deleted or renamed meanwhile.';
  if (http === 429) return throttledFor(retryAfterMs);
  if (retry === 'soon')
    return isAskedAgain ? 'It is asked again by itself.' : 'Try again in a moment.';
  if (http >= 500) return 'Try again; if it fails again, tell your administrator this:';
  return '';
}

function throttledFor(ms: number | null): string {
  const seconds = Math.ceil((ms ?? 0) / 1_000);
  return seconds > 1 ? `Try again in ${seconds} seconds.` : 'Wait a moment, and try again.';
}

/** Failures that are about a name and nothing else. */
const NAME_REFUSED: readonly string[] = ['BAD_NAME', 'TENANT_EXISTS'];

/** The field of what was sent that a failure is about, as the API calls it; null if it names none. */
export function fieldOf(error: unknown): string | null {
  if (!(error instanceof DynaBaseError)) return null;
  if (NAME_REFUSED.includes(error.code)) return 'name';
  if (error.code !== 'BAD_REQUEST') return null;
  return /"([\w.]+)" in the body must /.exec(error.message)?.[1] ?? null;
}
