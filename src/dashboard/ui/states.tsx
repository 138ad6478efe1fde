/** What stands where there is nothing yet, nothing at all, or something went wrong. */
import type { UseQueryResult } from '@tanstack/react-query';
import { CatchBoundary, type ErrorComponentProps } from '@tanstack/react-router';
import { type ReactNode, useRef } from 'react';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { mayPass, toldOf } from './words.ts';

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

export function ErrorBox({
  error,
  retry,
}: {
  readonly error: unknown;
  /** Its button is busy as long as this takes. */
  readonly retry?: () => unknown;
}) {
  const { what, advice, code, request } = toldOf(error, retry !== undefined);
  return (
    <div
      role="alert"
      className="flex items-start gap-3 rounded-md border border-bad/40 bg-bad/8 px-3 py-2.5"
    >
      <span className="mt-0.5 text-bad">
        <Icon name="warning" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="break-words">{what}</p>
        {(advice !== '' || code !== null) && (
          <p className="mt-1 text-xs break-words text-ink-soft">
            {advice}{' '}
            {code !== null && (
              <span className="whitespace-nowrap">
                Code <code className="font-mono">{code}</code>
              </span>
            )}
            {request !== null && (
              <>
                , request <code className="font-mono">{request}</code>
              </>
            )}
          </p>
        )}
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** What is shown stays, though it could not be asked for again; what is tried by itself is worth a line and no alarm. */
export function Old({ error, retry }: { readonly error: unknown; readonly retry: () => unknown }) {
  const { what } = toldOf(error);
  const isPassing = mayPass(error);
  return (
    <div className="p-2">
      <output className="block text-xs text-ink-soft">
        What is shown may be old.{isPassing && ` ${what} It is asked again by itself.`}
      </output>
      {!isPassing && <ErrorBox error={error} retry={retry} />}
    </div>
  );
}

type Asked<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;

/** Why there is still no answer. Asked again, a question has no error for a moment: what was said stands until then. */
export function useLastError({ data, error }: Pick<UseQueryResult, 'data' | 'error'>): unknown {
  const last = useRef<unknown>(null);
  last.current = data === undefined ? (error ?? last.current) : null;
  return last.current;
}

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
  const lasting = useLastError(query);
  if (data !== undefined) {
    return (
      <>
        {error !== null && <Old error={error} retry={refetch} />}
        <CatchBoundary getResetKey={() => data} errorComponent={Undrawn}>
          <Shown data={data}>{children}</Shown>
        </CatchBoundary>
      </>
    );
  }
  if (lasting === null) return <Waiting {...(lines === undefined ? {} : { lines })} />;
  return (
    <div className="p-4">
      <ErrorBox error={lasting} retry={refetch} />
    </div>
  );
}

/** Drawn within what catches its failures. */
function Shown<T>({
  data,
  children,
}: {
  readonly data: T;
  readonly children: (data: T) => ReactNode;
}) {
  return children(data);
}

/** What cannot be drawn takes nothing with it that can. */
function Undrawn({ error }: ErrorComponentProps) {
  return (
    <div className="p-4">
      <ErrorBox error={error} />
    </div>
  );
}
