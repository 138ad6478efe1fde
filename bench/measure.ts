/** What every benchmark needs: quantiles of samples, ratios, a table, the machine. */
import { cpus, release, totalmem } from 'node:os';

/** The value below which the share `q` of the samples lies; nearest rank. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export const p50 = (samples: readonly number[]): number => quantile(samples, 0.5);
export const p99 = (samples: readonly number[]): number => quantile(samples, 0.99);
export const p95 = (samples: readonly number[]): number => quantile(samples, 0.95);

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const fixed = (n: number, digits = 1): string => n.toFixed(digits);

/** Prints rows as aligned columns, the first row as the head. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of rows) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    );
  }
}

/** `ok` or `MISSED`, for a bar that a figure must keep. */
export const verdict = (holds: boolean): string => (holds ? 'ok' : 'MISSED');

export function printMachine(): void {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  console.log(
    `${cpus().length} x ${cpu?.model.trim()}, ${memory} GB, Linux ${release()}, Node ${process.version}\n`,
  );
}
