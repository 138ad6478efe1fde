/** The Numenta Anomaly Benchmark's series and labels, out of its tar archive or single files. */
import type { LabelledSeries } from './nab.ts';

export type NabSeries = Pick<LabelledSeries, 'name' | 'windows'> & {
  readonly values: Float64Array;
};

const BLOCK = 512;
const SIZE_AT = 124;
const SIZE_LENGTH = 12;
const NAME_LENGTH = 100;

/** The files of a tar archive without long names. */
export function filesOfTar(tar: Uint8Array): ReadonlyMap<string, string> {
  const text = new TextDecoder();
  const field = (from: number, length: number): string =>
    text.decode(tar.subarray(from, from + length)).replace(/\0.*$/s, '');
  const files = new Map<string, string>();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(field(at + SIZE_AT, SIZE_LENGTH), 8);
    const begin = at + BLOCK;
    files.set(
      field(at, NAME_LENGTH).replace(/^\.\//, ''),
      text.decode(tar.subarray(begin, begin + size)),
    );
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** All series among the files that have labels. `files` has paths such as `data/realAWSCloudwatch/a.csv`. */
export function nabCorpus(files: ReadonlyMap<string, string>): readonly NabSeries[] {
  const labels: unknown = JSON.parse(files.get('labels/combined_windows.json') ?? '{}');
  if (typeof labels !== 'object' || labels === null) return [];
  return Object.entries(labels).flatMap(([name, windows]) => {
    const table = files.get(`data/${name}`);
    return table === undefined ? [] : [seriesOf(name, table, windows)];
  });
}

function seriesOf(
  name: string,
  table: string,
  windows: readonly (readonly [string, string])[],
): NabSeries {
  const rows = table.trim().split('\n').slice(1);
  const times = rows.map((row) => row.slice(0, row.indexOf(',')));
  // Labels have microseconds, series have not.
  const at = (time: string): number => times.indexOf(time.replace(/\.0+$/, ''));
  return {
    name,
    values: Float64Array.from(rows, (row) => Number(row.slice(row.indexOf(',') + 1))),
    windows: windows.map(([first, last]) => [at(first), at(last)]),
  };
}
