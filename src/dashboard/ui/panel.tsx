import type { ReactNode } from 'react';
import { useEffect } from 'react';
import { useBrand } from '../customer/brand.tsx';

/** A part of a page under a heading of its own. */
export function Panel({
  title,
  aside,
  children,
  isBare = false,
  room,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  /** How high its content is at least: what comes late into it then moves nothing below. */
  readonly room?: string;
  readonly children: ReactNode;
  /** Its content goes to its edges, as a table does. */
  readonly isBare?: boolean;
}) {
  return (
    <section
      aria-label={title}
      className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface"
    >
      <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-1.5">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside !== undefined && (
          <div className="flex items-center gap-2 text-ink-soft">{aside}</div>
        )}
      </header>
      <div
        className={isBare ? '' : 'p-4'}
        style={room === undefined ? undefined : { minHeight: room }}
      >
        {children}
      </div>
    </section>
  );
}

/** The head of a page: what it is, and what can be done with it. */
export function PageHead({
  title,
  lead,
  actions,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
}) {
  const { name: brand } = useBrand();
  useEffect(() => {
    document.title = `${title} · ${brand}`;
  }, [title, brand]);
  return (
    <div className="mb-4 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 id="page-title" className="text-xl font-semibold tracking-tight break-words">
          {title}
        </h1>
        {lead !== undefined && <div className="mt-0.5 max-w-prose text-ink-soft">{lead}</div>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}

/** A number with its name, and what it means beside it. */
export function Stat({
  label,
  value,
  note,
  tone,
}: {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly tone?: 'good' | 'warn' | 'bad' | undefined;
}) {
  const colour = tone === undefined ? undefined : { color: `var(--${tone})` };
  return (
    <div className="min-w-0 rounded-lg border border-line bg-surface px-4 py-3">
      <dt className="text-xs text-ink-soft">{label}</dt>
      <dd
        className="tnum mt-1 text-xl leading-8 break-words 2xl:text-2xl font-semibold tracking-tight"
        style={colour}
      >
        {value}
      </dd>
      <dd className="min-h-4 text-xs break-words text-ink-soft">{note}</dd>
    </div>
  );
}

export function Stats({ children }: { readonly children: ReactNode }) {
  return <dl className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">{children}</dl>;
}

/** Names and what they stand for, line by line. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-2">{children}</dl>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
