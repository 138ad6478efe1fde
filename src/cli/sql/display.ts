/** How results are shown; a person changes it with backslash commands and options. */
import type { OutputStream } from '../world.ts';

export type Display = {
  readonly format: 'table' | 'csv' | 'json';
  /** Rows as records: always, never, or where a table does not fit the terminal. */
  readonly expanded: 'on' | 'off' | 'auto';
  /** What stands for NULL in a table. */
  readonly nullText: string;
  /** Rows alone, without heads and counts. */
  readonly tuplesOnly: boolean;
};

export const DISPLAY: Display = {
  format: 'table',
  expanded: 'auto',
  nullText: 'NULL',
  tuplesOnly: false,
};

/** Columns of the terminal that tables should fit in; null where nobody looks, or it does not tell. */
export const widthFor = ({ isTTY, columns }: OutputStream): number | null =>
  isTTY === true && columns !== undefined && columns > 0 ? columns : null;
