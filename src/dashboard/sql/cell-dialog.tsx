/** One value of an answer, whole. */
import { count } from '../format/units.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import type { GridColumn } from './grid.tsx';
import { type Cell, cellText, wholeText } from './text.ts';

/** More is not read by anybody here, and is copied nevertheless. */
const SHOWN_MAX = 100_000;

export function CellDialog({
  column,
  value,
  onClose,
}: {
  readonly column: GridColumn;
  readonly value: Cell;
  readonly onClose: () => void;
}) {
  const text = wholeText(value, column.type);
  const isNull = value === null || value === undefined;
  return (
    <Dialog title={column.name} isOpen onClose={onClose}>
      <div className="mb-1 flex items-center justify-between gap-2 text-xs text-ink-soft">
        <span>
          {column.type}
          {isNull ? '' : `, ${count(cellText(value).length)} characters`}
        </span>
        {!isNull && <CopyButton text={cellText(value)} label="Copy the value" />}
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer is scrolled by keyboard
        tabIndex={0}
        className="max-h-[60dvh] min-h-16 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs break-all whitespace-pre-wrap"
      >
        {isNull ? <i>NULL</i> : text.slice(0, SHOWN_MAX)}
      </pre>
      {text.length > SHOWN_MAX && (
        <p className="mt-2 text-xs text-ink-soft">
          The first {count(SHOWN_MAX)} characters. Copying takes all of them.
        </p>
      )}
    </Dialog>
  );
}
