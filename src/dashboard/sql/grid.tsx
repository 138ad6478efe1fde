/**
 * Rows of an answer: only those in sight are there, and of them only the columns in sight. One cell is the current one; arrows go from cell to cell, and it can
 * be copied, alone or with its row.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { count } from '../format/units.ts';
import { toClipboard } from '../ui/copy.tsx';
import { Icon } from '../ui/icon.tsx';
import { say } from '../ui/toast.tsx';
import type { Sort } from './page-of-rows.ts';
import { type Cell, cellText, inViewersZone, shortText, toCsv } from './text.ts';

export type GridColumn = { readonly name: string; readonly type: string };

type GridProps = {
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** The current cell is another. */
  readonly onMove?: (row: number, column: number) => void;
  /** It is to be opened. */
  readonly onCell?: (row: number, column: number) => void;
  /** Longer values are not here whole. */
  readonly cutAt?: number;
  readonly sorting?: Sorting;
};

/** How the rows are sorted, and the way to have them otherwise. */
export type Sorting = {
  readonly by: Sort | null;
  readonly isPossible: (column: GridColumn) => boolean;
  readonly onSort: (column: string) => void;
};

const ROW_PX = 32;

/** Of the numbers of rows. */
const HEAD_PX = 48;
const WIDTH_MIN_PX = 64;
const NUMBERS =
  /^(int[248]|integer|bigint|smallint|float[48]|double precision|real|numeric|money|oid)/;

/** Wide enough for what the first rows hold. */
function widthOf(column: GridColumn, index: number, rows: GridProps['rows']): number {
  const longest = rows
    .slice(0, 50)
    .reduce(
      (most, row) => Math.max(most, shortText(row[index]).length),
      column.name.length + Math.min(14, column.type.length) + 3,
    );
  return Math.min(360, Math.max(80, longest * 7.5 + 26));
}

type Place = { readonly row: number; readonly column: number };

/** As wide as what they hold, or as somebody has drawn them. */
function useWidths(columns: GridProps['columns'], rows: GridProps['rows']) {
  const [resized, setResized] = useState<ReadonlyMap<number, number>>(new Map());
  const fitting = useMemo(
    () => columns.map((column, index) => widthOf(column, index, rows)),
    [columns, rows],
  );
  const widths = fitting.map((width, index) => resized.get(index) ?? width);
  const resize = (index: number, width: number): void =>
    setResized(new Map(resized).set(index, width));
  const tracks = `${HEAD_PX}px ${widths.map((width) => `${width}px`).join(' ')}`;
  return { widths, tracks, resize };
}

/** Scrolls as little as brings the column into sight. */
function showColumn(scroller: HTMLElement | null, widths: readonly number[], column: number): void {
  if (scroller === null) return;
  const from = HEAD_PX + widths.slice(0, column).reduce((sum, width) => sum + width, 0);
  const to = from + (widths[column] ?? 0);
  if (column === 0) scroller.scrollLeft = 0;
  else if (from < scroller.scrollLeft + HEAD_PX) scroller.scrollLeft = from - HEAD_PX;
  else if (to > scroller.scrollLeft + scroller.clientWidth)
    scroller.scrollLeft = Math.min(from - HEAD_PX, to - scroller.clientWidth);
}

/** Which columns are in sight: of a thousand the others would only be laid out. */
function useColumnsInSight(
  scroller: RefObject<HTMLElement | null>,
  widths: readonly number[],
): readonly number[] {
  const across = useVirtualizer({
    count: widths.length,
    horizontal: true,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widths[index] ?? WIDTH_MIN_PX,
    paddingStart: HEAD_PX,
    overscan: 2,
  });
  const sizes = widths.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other widths are other places
  useEffect(() => across.measure(), [across, sizes]);
  return across.getVirtualItems().map(({ index }) => index);
}

export function Grid(props: GridProps) {
  const { label, columns, rows, onMove, onCell } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { widths, tracks, resize } = useWidths(columns, rows);
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const seen = useColumnsInSight(scroller, widths);
  const move = (place: Place): void => {
    const row = within(place.row, rows.length);
    const column = within(place.column, columns.length);
    setAt({ row, column });
    onMove?.(row, column);
    virtual.scrollToIndex(row);
    showColumn(scroller.current, widths, column);
  };

  const onKey = (event: KeyboardEvent): void => {
    // Of the head: a button does what it does.
    if (event.target instanceof HTMLButtonElement) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      move({ row: at.row + step.row, column: at.column + step.column });
    } else if (event.key === 'Enter' && onCell) {
      onCell(at.row, at.column);
    } else if (event.key.toLowerCase() === 'c' && (event.ctrlKey || event.metaKey)) {
      if (String(window.getSelection()) !== '') return;
      event.preventDefault();
      void copyOf(props, at, event.shiftKey);
    }
  };
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={rows.length === 0 ? undefined : `cell-${at.row}-${at.column}`}
      tabIndex={0}
      onKeyDown={onKey}
      className="h-full min-h-0 overflow-auto text-xs outline-offset-[-2px]"
    >
      <Head
        columns={columns}
        tracks={tracks}
        seen={seen}
        onResize={resize}
        widths={widths}
        {...(props.sorting === undefined ? {} : { sorting: props.sorting })}
      />
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <Row
            key={index}
            {...props}
            {...{ index, start, tracks, at, seen }}
            onPick={(column) => move({ row: index, column })}
          />
        ))}
      </div>
    </div>
  );
}

const within = (place: number, length: number): number => Math.min(length - 1, Math.max(0, place));

const STEPS: Readonly<Record<string, Place | undefined>> = {
  ArrowDown: { row: 1, column: 0 },
  ArrowUp: { row: -1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
  Home: { row: 0, column: Number.NEGATIVE_INFINITY },
  End: { row: 0, column: Number.POSITIVE_INFINITY },
  PageDown: { row: 20, column: 0 },
  PageUp: { row: -20, column: 0 },
};

async function copyOf(
  { columns, rows, cutAt = Number.POSITIVE_INFINITY }: GridProps,
  at: Place,
  isRow: boolean,
): Promise<void> {
  const row = rows[at.row] ?? [];
  const text = isRow ? toCsv({ columns, rows: [row] }) : cellText(row[at.column]);
  await toClipboard(text);
  const copied = isRow ? row : [row[at.column]];
  const isCut = copied.some((value) => cellText(value).length > cutAt);
  const less = isCut ? `, of long values the first ${count(cutAt)} characters` : '';
  say(`${isRow ? 'The row is copied, as CSV' : 'The cell is copied'}${less}`);
}

function Head({
  columns,
  tracks,
  seen,
  widths,
  sorting,
  onResize,
}: {
  readonly columns: readonly GridColumn[];
  readonly tracks: string;
  readonly seen: readonly number[];
  readonly widths: readonly number[];
  readonly sorting?: Sorting;
  readonly onResize: (index: number, width: number) => void;
}) {
  const begin = (event: PointerEvent<HTMLElement>, index: number): void => {
    const handle = event.currentTarget;
    const from = event.clientX - (widths[index] ?? 0);
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (move) => onResize(index, Math.max(WIDTH_MIN_PX, move.clientX - from));
    handle.onpointerup = () => {
      handle.onpointermove = null;
    };
  };
  return (
    <div role="rowgroup" className="sticky top-0 z-10 min-w-max bg-sunken">
      <div
        role="row"
        className="grid h-8 items-center border-b border-line"
        style={{ gridTemplateColumns: tracks }}
      >
        <span role="columnheader" className="sticky left-0 z-[1] h-full bg-sunken">
          <span className="sr-only">Row</span>
        </span>
        {inSight(columns, seen).map(({ index, name, type }) => (
          <span
            key={index}
            role="columnheader"
            aria-colindex={index + 2}
            style={{ gridColumn: index + 2 }}
            title={`${name} ${type}`}
            {...(sorting?.by?.column === name
              ? { 'aria-sort': sorting.by.isDescending ? 'descending' : 'ascending' }
              : {})}
            className={`relative flex h-full items-center gap-1.5 truncate border-l border-line px-2 ${
              NUMBERS.test(type) ? 'justify-end' : ''
            }`}
          >
            {sorting?.isPossible({ name, type }) === true ? (
              <SortButton name={name} by={sorting.by} onSort={sorting.onSort} />
            ) : (
              <span className="truncate font-medium">{name}</span>
            )}
            <span className="truncate text-ink-soft">{type}</span>
            <span
              aria-hidden="true"
              onPointerDown={(event) => begin(event, index)}
              className="absolute inset-y-0 right-0 w-1.5 cursor-col-resize hover:bg-accent/40"
            />
          </span>
        ))}
      </div>
    </div>
  );
}

const inSight = (columns: readonly GridColumn[], seen: readonly number[]) =>
  seen.flatMap((index) => {
    const column = columns[index];
    return column === undefined ? [] : [{ ...column, index }];
  });

function SortButton({
  name,
  by,
  onSort,
}: {
  readonly name: string;
  readonly by: Sort | null;
  readonly onSort: (column: string) => void;
}) {
  const isBy = by?.column === name;
  return (
    <button
      type="button"
      aria-label={`Sort by ${name}`}
      onClick={() => onSort(name)}
      className="group flex h-full min-w-0 items-center gap-0.5 font-medium outline-offset-[-2px] hover:text-accent"
    >
      <span className="truncate">{name}</span>
      <span className={isBy ? 'text-accent' : 'hidden group-hover:inline'}>
        <Icon name={isBy && by.isDescending ? 'down' : 'up'} />
      </span>
    </button>
  );
}

/** A cell as it is seen: NULL and an empty text are told apart from what says so. */
function Shown({ value }: { readonly value: Cell }) {
  if (value === null || value === undefined)
    return <span className="text-ink-soft italic">NULL</span>;
  if (value === '') return <span className="text-ink-soft italic">empty</span>;
  return <span className="font-mono">{shortText(value)}</span>;
}

function Row({
  columns,
  rows,
  onCell,
  index,
  start,
  tracks,
  at,
  seen,
  onPick,
}: GridProps & {
  readonly index: number;
  readonly start: number;
  readonly tracks: string;
  readonly at: Place;
  readonly seen: readonly number[];
  readonly onPick: (column: number) => void;
}) {
  const row = rows[index] ?? [];
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="absolute grid h-8 items-center border-b border-line/60 bg-surface hover:bg-sunken"
      style={{ gridTemplateColumns: tracks, transform: `translateY(${start}px)` }}
    >
      <span
        role="rowheader"
        className="tnum sticky left-0 z-[1] h-full bg-inherit px-2 text-right leading-8 text-ink-soft"
      >
        {index + 1}
      </span>
      {inSight(columns, seen).map(({ type, index: column }) => {
        const isCurrent = at.row === index && at.column === column;
        const value = row[column];
        return (
          <span
            key={column}
            aria-colindex={column + 2}
            style={{ gridColumn: column + 2 }}
            id={`cell-${index}-${column}`}
            role="gridcell"
            tabIndex={-1}
            aria-selected={isCurrent}
            title={inViewersZone(type, value)}
            onClick={() => onPick(column)}
            onKeyDown={undefined}
            onDoubleClick={() => onCell?.(index, column)}
            className={`h-full overflow-hidden text-ellipsis whitespace-pre border-l border-line/60 px-2 leading-8 ${
              NUMBERS.test(type) ? 'tnum text-right' : ''
            } ${isCurrent ? 'outline-2 -outline-offset-2 outline-accent' : ''}`}
          >
            <Shown value={value} />
          </span>
        );
      })}
    </div>
  );
}
