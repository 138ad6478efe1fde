/** What stands where there is nothing yet, nothing at all, or something went wrong. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** Teaches what belongs here and how it comes. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-1 px-6 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-prose text-ink-soft">{children}</div>}
    </div>
  );
}

/** Room held for what is on its way, so that nothing jumps when it comes. */
export function Waiting({ lines = 4 }: { readonly lines?: number }) {
  return (
    <output aria-label="Loading" className="block space-y-3 p-4">
      {Array.from({ length: lines }, (_, line) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike
          key={line}
          className="busy block h-3 rounded bg-sunken"
          style={{ width: `${90 - ((line * 17) % 40)}%` }}
        />
      ))}
    </output>
  );
}

/** The SDK tells who runs a server how to start one; who looks at a page of it is no help with that. */
function words(error: unknown): string {
  if (error instanceof DynaBaseError && error.code === 'SERVER_UNREACHABLE')
    return 'The server cannot be reached.';
  return error instanceof Error ? error.message : String(error);
}

/** What to do about a failure, beyond what it says of itself. */
function advice({ code, http }: DynaBaseError): string {
  if (code === 'SERVER_UNREACHABLE')
    return 'The page asks again by itself once the server is back.';
  if (code === 'FORBIDDEN') return 'Ask an administrator for a key with more rights.';
  if (http === 401) return 'Your session has ended: log in again.';
  if (http === 404) return 'It may have been deleted or renamed meanwhile.';
  if (http === 429) return 'Too much was asked at once; wait a moment.';
  if (http >= 500) return 'Look for the request id in the log of the server.';
  return '';
}

export function ErrorBox({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry?: () => void;
}) {
  const told = error instanceof DynaBaseError ? error : null;
  return (
    <div
      role="alert"
      className="flex items-start gap-3 rounded-md border border-bad/40 bg-bad/8 px-3 py-2.5"
    >
      <span className="mt-0.5 text-bad">
        <Icon name="warning" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="break-words">{words(error)}</p>
        {told && (
          <p className="mt-1 text-xs break-words text-ink-soft">
            {advice(told)}{' '}
            <span className="whitespace-nowrap">
              Code <code className="font-mono">{told.code}</code>
            </span>
            {told.requestId && (
              <>
                , request <code className="font-mono">{told.requestId}</code>
              </>
            )}
          </p>
        )}
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** What is shown stays, though it could not be asked for again. */
export function Old({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  return (
    <div className="p-2">
      <p className="mb-1 text-xs text-ink-soft">What is shown may be old.</p>
      <ErrorBox error={error} retry={retry} />
    </div>
  );
}

type Asked<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;

/** What was asked for, once it is there; until then room for it, or why it is not coming. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  readonly query: Asked<T>;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = query;
  if (data !== undefined) {
    return (
      <>
        {error !== null && <Old error={error} retry={() => void refetch()} />}
        {children(data)}
      </>
    );
  }
  if (error === null) return <Waiting {...(lines === undefined ? {} : { lines })} />;
  return (
    <div className="p-4">
      <ErrorBox error={error} retry={() => void refetch()} />
    </div>
  );
}
