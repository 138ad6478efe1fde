import type { Snapshot } from '../../contract/tenants/snapshot.ts';
import { tableText } from './layout.ts';
import type { Style } from './style.ts';
import { cut } from './width.ts';
import { agoWords, bytesWords } from './words.ts';

const NAME_WIDTH = 24;

/** A table of at most 80 columns, but for those that are damaged. */
export function snapshotsText(snapshots: readonly Snapshot[], now: number, style: Style): string {
  if (snapshots.length === 0) return 'no snapshots';
  const columns = [
    { head: 'ID' },
    { head: 'NAME' },
    { head: 'TAKEN' },
    { head: 'SIZE', align: 'right' },
    { head: 'STORED', align: 'right' },
    { head: 'ADDED', align: 'right' },
    { head: '' },
  ] as const;
  const rows = snapshots.map((snapshot) => [
    snapshot.id,
    snapshot.name === null ? '-' : cut(snapshot.name, NAME_WIDTH),
    agoWords(snapshot.takenAt, now),
    bytesWords(snapshot.logicalBytes),
    bytesWords(snapshot.storedBytes),
    bytesWords(snapshot.addedBytes),
    snapshot.damage === null ? '' : style.red(`damaged: ${snapshot.damage}`),
  ]);
  return tableText(columns, rows, style);
}
