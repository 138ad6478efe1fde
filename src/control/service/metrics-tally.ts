/**
 * Counts by label and distributions by label, in memory: what has happened since the server started.
 *
 * To count is a look into a map and an addition. Should a label ever have more values than it should, the rest of
 * them is counted together: no mistake of ours makes a monitoring system's series grow without end.
 */
import type { Family, Labels, Sample, Spread } from './metrics-family.ts';

/** Series of one family. The largest that there is by design has 112. */
const SERIES_MAX = 512;

const REST = 'other';

type Named = { readonly name: string; readonly help: string };

/** The cell of `labels`, made if it is not there. */
class Cells<L extends string, T> {
  readonly #names: readonly L[];
  readonly #make: () => T;
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: T }>();

  constructor(names: readonly L[], make: () => T) {
    this.#names = names;
    this.#make = make;
  }

  of(labels: Readonly<Record<L, string>>): T {
    const key = this.#names.map((name) => labels[name]).join('\n');
    const found = this.#cells.get(key);
    if (found !== undefined) return found.cell;
    if (this.#cells.size >= SERIES_MAX) return this.of(this.#rest());
    const cell = this.#make();
    const own = Object.fromEntries(this.#names.map((name) => [name, labels[name]]));
    this.#cells.set(key, { labels: own, cell });
    return cell;
  }

  all(): readonly { readonly labels: Labels; readonly cell: T }[] {
    return [...this.#cells.values()];
  }

  /** Counted as one more at most, so that it is there when it is needed. */
  #rest(): Readonly<Record<L, string>> {
    const labels = Object.fromEntries(this.#names.map((name) => [name, REST]));
    const key = this.#names.map(() => REST).join('\n');
    if (!this.#cells.has(key)) this.#cells.set(key, { labels, cell: this.#make() });
    return labels as Readonly<Record<L, string>>;
  }
}

export class Tally<L extends string> {
  readonly #named: Named;
  readonly #cells: Cells<L, { count: number }>;

  constructor(named: Named, labels: readonly L[]) {
    this.#named = named;
    this.#cells = new Cells(labels, () => ({ count: 0 }));
  }

  add(labels: Readonly<Record<L, string>>, by = 1): void {
    this.#cells.of(labels).count += by;
  }

  family(): Family {
    const samples = this.#cells
      .all()
      .map(({ labels, cell }): Sample => ({ labels, value: cell.count }));
    return { kind: 'counter', ...this.#named, samples };
  }
}

export class Distribution<L extends string> {
  readonly #named: Named;
  readonly #bounds: readonly number[];
  readonly #cells: Cells<L, { readonly counts: number[]; sum: number }>;

  constructor(named: Named, bounds: readonly number[], labels: readonly L[]) {
    this.#named = named;
    this.#bounds = bounds;
    const make = () => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 });
    this.#cells = new Cells(labels, make);
  }

  note(labels: Readonly<Record<L, string>>, value: number): void {
    const cell = this.#cells.of(labels);
    const bucket = bucketOf(this.#bounds, value);
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.sum += value;
  }

  /** Adds what somebody else has counted by the same bounds. */
  addAll(labels: Readonly<Record<L, string>>, counts: readonly number[], sum: number): void {
    const cell = this.#cells.of(labels);
    for (let bucket = 0; bucket < cell.counts.length; bucket++) {
      cell.counts[bucket] = (cell.counts[bucket] ?? 0) + (counts[bucket] ?? 0);
    }
    cell.sum += sum;
  }

  family(): Family {
    const spreads = this.#cells.all().map(
      ({ labels, cell }): Spread => ({
        labels,
        counts: [...cell.counts],
        sum: cell.sum,
      }),
    );
    return { kind: 'histogram', ...this.#named, bounds: this.#bounds, spreads };
  }
}

/** Where `value` belongs: the first bound that is not below it, or behind the last. */
export function bucketOf(bounds: readonly number[], value: number): number {
  const found = bounds.findIndex((bound) => value <= bound);
  return found === -1 ? bounds.length : found;
}

/**
 * The value that the part `share` of all is not above, by counts in buckets: within a bucket values are taken as evenly
 * spread, so the error is at most the bucket's width. Null without counts; the last bound for what is above it.
 */
export function quantile(
  bounds: readonly number[],
  counts: readonly number[],
  share: number,
): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    const upper = bounds[bucket];
    if (upper === undefined) break;
    if (count > 0 && below + count >= share * all) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + ((upper - lower) * (share * all - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
