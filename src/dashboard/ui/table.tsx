/**
 * A table of which only the rows in sight are there: one with 100,000 is as quick as one with ten.
 *
 * Rows are of one height. On a phone the columns that can be spared are left out. The row that has the focus stays there
 * however far it is scrolled away, and if it is taken from the table the table itself has the focus.
 */
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import {
  type FocusEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
} from 'react';
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
  /** Called when the end comes into sight, for more rows; not given where all are there. */
  readonly onEnd?: () => void;
  /** Of the part that scrolls. */
  readonly height?: string;
};

const ROW_PX = 40;

export function Table<T, S extends string = string>(props: TableProps<T, S>) {
  const { label, rows, columns, idOf, selection, onEnd, height = '24rem' } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const focus = useKeptFocus(scroller);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    rangeExtractor: focus.withRow,
  });
  const items = virtual.getVirtualItems();
  const last = virtual.range?.endIndex ?? 0;
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
  return (
    <div
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
      tabIndex={0}
      role="table"
      aria-label={label}
      // How many there are in all is not known before the end.
      aria-rowcount={onEnd === undefined ? rows.length + 1 : -1}
      style={{ ...tracksOf(columns, selection !== undefined), maxHeight: height }}
      className="overflow-auto -outline-offset-2 print:max-h-none! print:overflow-visible"
      onFocus={focus.onFocus}
      onBlur={focus.onBlur}
    >
      <Head {...props} />
      <div
        role="rowgroup"
        className="relative print:h-auto!"
        style={{ height: virtual.getTotalSize() }}
      >
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

/** How wide columns are; on a phone those that can be spared are not there. */
function tracksOf<T, S extends string>(
  columns: readonly Column<T, S>[],
  isChosenFrom: boolean,
): React.CSSProperties {
  const all = columns.map(({ width = 'minmax(0, 1fr)' }) => width);
  // Beside fixed ones on a phone nothing would be left of it: the table is rather scrolled.
  const narrow = columns
    .filter(({ isSpare }) => !isSpare)
    .map(({ width = 'minmax(6.5rem, 1fr)' }) => width);
  return {
    '--tracks': [...(isChosenFrom ? ['2.5rem'] : []), ...all].join(' '),
    '--narrow': [...(isChosenFrom ? ['1.5rem'] : []), ...narrow].join(' '),
  } as React.CSSProperties;
}

/** Knows where the focus is among rows that come and go. */
function useKeptFocus(scroller: React.RefObject<HTMLElement | null>) {
  /** Of the row; null on the table itself or its head, undefined elsewhere. */
  const at = useRef<number | null | undefined>(undefined);
  const onFocus = useCallback(({ target }: FocusEvent) => {
    const row = target.closest('[role="row"]')?.getAttribute('aria-rowindex') ?? null;
    at.current = row === null || row === '1' ? null : Number(row) - 2;
  }, []);
  const onBlur = useCallback(() => {
    at.current = undefined;
  }, []);
  // What is taken out of the page with the focus on it leaves it nowhere, and says nothing of that.
  useLayoutEffect(() => {
    if (at.current === undefined || document.activeElement !== document.body) return;
    scroller.current?.focus({ preventScroll: true });
  });
  const withRow = useCallback((range: Range): number[] => {
    const all = defaultRangeExtractor(range);
    const row = at.current ?? -1;
    if (row < 0 || row >= range.count || all.includes(row)) return all;
    return row < (all[0] ?? 0) ? [row, ...all] : [...all, row];
  }, []);
  return { onFocus, onBlur, withRow };
}

const LINE =
  'grid grid-cols-(--narrow) items-center gap-x-3 px-3 md:gap-x-4 md:px-4 md:grid-cols-(--tracks) min-w-fit md:min-w-0';

/** What does not fit is cut off, but not the ring around what has the focus: there is room for that. */
const cellClass = ({ align, isSpare }: Pick<Column<never>, 'align' | 'isSpare'>): string =>
  `-m-1 min-w-0 truncate p-1 ${align === 'right' ? 'tnum text-right' : ''} ${isSpare ? 'hidden md:block' : ''}`;

function Head<T, S extends string>({ columns, rows, idOf, sorting, selection }: TableProps<T, S>) {
  const isAll =
    selection !== undefined &&
    rows.length > 0 &&
    selection.chosen.size >= rows.length &&
    rows.every((row) => selection.chosen.has(idOf(row)));
  const isSome = !isAll && selection !== undefined && selection.chosen.size > 0;
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-surface print:static">
      <div
        role="row"
        aria-rowindex={1}
        className={`${LINE} h-9 border-b border-line text-xs text-ink-soft`}
      >
        {selection && (
          <div role="columnheader">
            <Box
              label="Choose all that are loaded"
              isChecked={isAll}
              isSome={isSome}
              onToggle={() => selection.onChange(new Set(isAll ? [] : rows.map(idOf)))}
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

/** As easily hit as its whole cell. */
function Box({
  label,
  isChecked,
  isSome = false,
  onToggle,
}: {
  readonly label: string;
  readonly isChecked: boolean;
  /** Neither all nor none. */
  readonly isSome?: boolean;
  readonly onToggle: () => void;
}) {
  return (
    <label className="flex h-9 items-center">
      <input
        type="checkbox"
        aria-label={label}
        checked={isChecked}
        ref={(box) => {
          if (box !== null) box.indeterminate = isSome;
        }}
        onChange={onToggle}
      />
    </label>
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
      className={`${LINE} absolute inset-x-0 h-10 break-inside-avoid border-b border-line/60 hover:bg-sunken print:static print:transform-none!`}
      style={{ transform: `translateY(${start}px)` }}
    >
      {isChosen !== undefined && (
        <div role="cell">
          <Box label={`Choose ${id}`} isChecked={isChosen} onToggle={() => onToggle(id)} />
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
