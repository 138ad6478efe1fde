/**
 * A table of which only the rows in sight are there: one with 100,000 is as quick as one with ten.
 *
 * Rows are of one height. On a phone the columns that can be spared are left out.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useCallback, useEffect, useRef } from 'react';
import { Icon } from './icon.tsx';

export type Order = 'asc' | 'desc';

export type Column<T, S extends string = string> = {
  readonly name: string;
  readonly cell: (row: T) => ReactNode;
  /** As CSS has it for a track of a grid. */
  readonly width?: string;
  readonly align?: 'right';
  /** What the server sorts by; not given where it cannot. */
  readonly sort?: S;
  /** Left out on a narrow screen. */
  readonly isSpare?: boolean;
};

export type Sorting<S extends string> = {
  readonly by: S;
  readonly order: Order;
  readonly onSort: (by: S, order: Order) => void;
};

export type Selection = {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
};

type TableProps<T, S extends string> = {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T, S>[];
  readonly idOf: (row: T) => string;
  readonly sorting?: Sorting<S>;
  readonly selection?: Selection;
  /** Called when the end comes into sight, for more rows. */
  readonly onEnd?: () => void;
  /** Of the part that scrolls. */
  readonly height?: string;
};

const ROW_PX = 40;

export function Table<T, S extends string = string>(props: TableProps<T, S>) {
  const { label, rows, columns, idOf, selection, onEnd, height = '24rem' } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
  const latest = useRef(selection);
  latest.current = selection;
  const onToggle = useCallback((id: string) => {
    if (latest.current === undefined) return;
    const next = new Set(latest.current.chosen);
    if (!next.delete(id)) next.add(id);
    latest.current.onChange(next);
  }, []);
  const tracks = [
    ...(selection ? ['2.5rem'] : []),
    ...columns.map(({ width = 'minmax(0, 1fr)' }) => width),
  ];
  const style = {
    '--tracks': tracks.join(' '),
    '--narrow': [
      ...(selection ? ['1.5rem'] : []),
      // Beside fixed ones on a phone nothing would be left of it: the table is rather scrolled.
      ...columns
        .filter(({ isSpare }) => !isSpare)
        .map(({ width = 'minmax(6.5rem, 1fr)' }) => width),
    ].join(' '),
  } as React.CSSProperties;
  return (
    <div
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
      tabIndex={0}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      style={{ ...style, maxHeight: height }}
      className="overflow-auto"
    >
      <Head {...props} />
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const id = idOf(row);
          const isChosen = selection?.chosen.has(id);
          return (
            <Row
              key={id}
              {...{ row, id, index, start, columns, onToggle }}
              {...(isChosen === undefined ? {} : { isChosen })}
            />
          );
        })}
      </div>
    </div>
  );
}

const LINE =
  'grid grid-cols-(--narrow) items-center gap-x-3 px-3 md:gap-x-4 md:px-4 md:grid-cols-(--tracks) min-w-fit md:min-w-0';

const cellClass = ({ align, isSpare }: Pick<Column<never>, 'align' | 'isSpare'>): string =>
  `min-w-0 truncate ${align === 'right' ? 'tnum text-right' : ''} ${isSpare ? 'hidden md:block' : ''}`;

function Head<T, S extends string>({ columns, rows, idOf, sorting, selection }: TableProps<T, S>) {
  const isAll = selection !== undefined && rows.length > 0 && selection.chosen.size >= rows.length;
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-surface">
      <div role="row" className={`${LINE} h-9 border-b border-line text-xs text-ink-soft`}>
        {selection && (
          <div role="columnheader">
            <input
              type="checkbox"
              aria-label="Choose all that are loaded"
              checked={isAll}
              onChange={() => selection.onChange(new Set(isAll ? [] : rows.map(idOf)))}
            />
          </div>
        )}
        {columns.map((column) => {
          const isSorted = column.sort !== undefined && sorting?.by === column.sort;
          const order = isSorted ? sorting.order : 'asc';
          return (
            <div
              key={column.name}
              role="columnheader"
              className={cellClass(column)}
              {...(isSorted ? { 'aria-sort': order === 'asc' ? 'ascending' : 'descending' } : {})}
            >
              {column.sort === undefined || sorting === undefined ? (
                column.name
              ) : (
                <button
                  type="button"
                  className="inline-flex h-6 items-center gap-1 rounded hover:text-ink"
                  onClick={() =>
                    sorting.onSort(
                      column.sort ?? sorting.by,
                      isSorted && order === 'asc' ? 'desc' : 'asc',
                    )
                  }
                >
                  {column.name}
                  <span className={isSorted ? '' : 'opacity-0'}>
                    <Icon name={order === 'asc' ? 'up' : 'down'} size={12} />
                  </span>
                </button>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

type RowProps<T, S extends string> = {
  readonly row: T;
  readonly id: string;
  readonly index: number;
  readonly start: number;
  readonly columns: readonly Column<T, S>[];
  /** Not given where nothing is chosen. */
  readonly isChosen?: boolean;
  readonly onToggle: (id: string) => void;
};

function PlainRow<T, S extends string>(props: RowProps<T, S>) {
  const { row, id, index, start, columns, isChosen, onToggle } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${LINE} absolute inset-x-0 h-10 border-b border-line/60 hover:bg-sunken`}
      style={{ transform: `translateY(${start}px)` }}
    >
      {isChosen !== undefined && (
        <div role="cell">
          <input
            type="checkbox"
            aria-label={`Choose ${id}`}
            checked={isChosen}
            onChange={() => onToggle(id)}
          />
        </div>
      )}
      {columns.map((column) => (
        <div key={column.name} role="cell" className={cellClass(column)}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

/** Drawn again only if something of it is another: not when the table is scrolled, or another row is chosen. */
const Row = memo(PlainRow) as typeof PlainRow;
