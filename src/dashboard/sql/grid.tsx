/**
 * Rows of an answer: only those in sight are there. One cell is the current one; arrows go from cell to cell, and it can
 * be copied, alone or with its row.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { say } from '../ui/toast.tsx';
import { type Cell, cellText, toCsv } from './text.ts';

export type GridColumn = { readonly name: string; readonly type: string };

type GridProps = {
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** Of the current row: what can be done with it. */
  readonly onRow?: (row: number) => void;
  readonly onCell?: (row: number, column: number) => void;
  readonly rowHead?: (row: number) => ReactNode;
};

const ROW_PX = 32;
const WIDTH_MIN_PX = 64;
const NUMBERS =
  /^(int[248]|integer|bigint|smallint|float[48]|double precision|real|numeric|money|oid)/;

/** Wide enough for what the first rows hold. */
function widthOf(column: GridColumn, index: number, rows: GridProps['rows']): number {
  const longest = rows
    .slice(0, 50)
    .reduce(
      (most, row) => Math.max(most, cellText(row[index]).length),
      column.name.length + Math.min(14, column.type.length) + 3,
    );
  return Math.min(360, Math.max(80, longest * 7.5 + 26));
}

type Place = { readonly row: number; readonly column: number };

export function Grid(props: GridProps) {
  const { label, columns, rows, onRow, onCell } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [resized, setResized] = useState<ReadonlyMap<number, number>>(new Map());
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const widths = columns.map((column, index) => resized.get(index) ?? widthOf(column, index, rows));
  const tracks = `3rem ${widths.map((width) => `${width}px`).join(' ')}`;
  const move = (place: Place): void => {
    const row = Math.min(rows.length - 1, Math.max(0, place.row));
    const column = Math.min(columns.length - 1, Math.max(0, place.column));
    setAt({ row, column });
    onRow?.(row);
    virtual.scrollToIndex(row);
  };
  const onKey = (event: KeyboardEvent): void => {
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
      aria-colcount={columns.length}
      aria-activedescendant={rows.length === 0 ? undefined : `cell-${at.row}-${at.column}`}
      tabIndex={0}
      onKeyDown={onKey}
      className="h-full min-h-0 overflow-auto text-xs outline-offset-[-2px]"
    >
      <Head
        columns={columns}
        tracks={tracks}
        onResize={(index, width) => setResized(new Map(resized).set(index, width))}
        widths={widths}
      />
      <div
        role="rowgroup"
        className="relative min-w-max"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => (
          <Row
            key={index}
            {...props}
            {...{ index, start, tracks, at }}
            onPick={(column) => move({ row: index, column })}
          />
        ))}
      </div>
    </div>
  );
}

const STEPS: Readonly<Record<string, Place | undefined>> = {
  ArrowDown: { row: 1, column: 0 },
  ArrowUp: { row: -1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
  PageDown: { row: 20, column: 0 },
  PageUp: { row: -20, column: 0 },
};

async function copyOf({ columns, rows }: GridProps, at: Place, isRow: boolean): Promise<void> {
  const row = rows[at.row] ?? [];
  const text = isRow ? toCsv({ columns, rows: [row] }) : cellText(row[at.column]);
  await navigator.clipboard.writeText(text);
  say(isRow ? 'The row is copied, as CSV' : 'The cell is copied');
}

function Head({
  columns,
  tracks,
  widths,
  onResize,
}: {
  readonly columns: readonly GridColumn[];
  readonly tracks: string;
  readonly widths: readonly number[];
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
        <span role="columnheader" className="px-2 text-right text-ink-soft">
          <span className="sr-only">Row</span>
        </span>
        {columns.map(({ name, type }, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be of one name
            key={index}
            role="columnheader"
            className="relative flex h-full items-center gap-1.5 truncate border-l border-line px-2"
          >
            <span className="truncate font-medium">{name}</span>
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

function Row({
  columns,
  rows,
  rowHead,
  onCell,
  index,
  start,
  tracks,
  at,
  onPick,
}: GridProps & {
  readonly index: number;
  readonly start: number;
  readonly tracks: string;
  readonly at: Place;
  readonly onPick: (column: number) => void;
}) {
  const row = rows[index] ?? [];
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="absolute grid h-8 items-center border-b border-line/60 hover:bg-sunken"
      style={{ gridTemplateColumns: tracks, transform: `translateY(${start}px)` }}
    >
      <span role="rowheader" className="tnum px-2 text-right text-ink-soft">
        {rowHead?.(index) ?? index + 1}
      </span>
      {columns.map(({ type }, column) => {
        const isCurrent = at.row === index && at.column === column;
        const value = row[column];
        return (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be of one name
            key={column}
            id={`cell-${index}-${column}`}
            role="gridcell"
            tabIndex={-1}
            aria-selected={isCurrent}
            onClick={() => onPick(column)}
            onKeyDown={undefined}
            onDoubleClick={() => onCell?.(index, column)}
            className={`h-full truncate border-l border-line/60 px-2 leading-8 ${
              NUMBERS.test(type) ? 'tnum text-right' : ''
            } ${isCurrent ? 'outline-2 -outline-offset-2 outline-accent' : ''}`}
          >
            {value === null || value === undefined ? (
              <span className="text-ink-soft italic">NULL</span>
            ) : value === '' ? (
              <span className="text-ink-soft italic">empty</span>
            ) : (
              <span className="font-mono">{cellText(value)}</span>
            )}
          </span>
        );
      })}
    </div>
  );
}
