/**
 * Chances that were given against what came of them, in ten equal bins of chance.
 *
 * Beside the error stands how large it would be on average if all chances were right, by luck alone. That is not little where
 * tenants move together: the functions of one application are called at the same times, and are wrong together. So tenants
 * with one and the same history count as one tenant: the squares of each history's sum of (said - was) are the variance of
 * a bin.
 */
import type { Trace } from './trace.ts';

const BINS = 10;

/** Mean of the distance of a normal variable from its mean, in standard deviations. */
const DISTANCE = Math.sqrt(2 / Math.PI);

export type ChanceBin = {
  readonly asked: number;
  /** Mean of the chances that were given, and the part that came true. */
  readonly said: number;
  readonly was: number;
};

export type ChanceErrors = {
  readonly asked: number;
  /** Mean distance between said and was, by how often each bin was said. */
  readonly error: number;
  /** What that would be by luck alone. */
  readonly byLuck: number;
  readonly brier: number;
  /** Brier score of always saying how often it is so. */
  readonly brierOfShare: number;
  readonly bins: readonly ChanceBin[];
};

type Sums = { asked: number; said: number; was: number; readonly off: Float64Array };

export class ChanceBins {
  readonly #historyOf: readonly number[];
  readonly #bins: readonly Sums[];
  #squares = 0;

  constructor(trace: Trace) {
    this.#historyOf = historiesOf(trace);
    const histories = Math.max(0, ...this.#historyOf) + 1;
    this.#bins = Array.from({ length: BINS }, () => ({
      ...{ asked: 0, said: 0, was: 0, off: new Float64Array(histories) },
    }));
  }

  /** `tenant` is its place in the trace. */
  add(tenant: number, chance: number, came: boolean): void {
    const bin = this.#bins[Math.min(BINS - 1, Math.floor(chance * BINS))];
    if (bin === undefined) return;
    const was = came ? 1 : 0;
    const history = this.#historyOf[tenant] ?? 0;
    bin.asked += 1;
    bin.said += chance;
    bin.was += was;
    bin.off[history] = (bin.off[history] ?? 0) + chance - was;
    this.#squares += (chance - was) ** 2;
  }

  errors(): ChanceErrors {
    const total = (of: (bin: Sums) => number): number =>
      this.#bins.reduce((sum, bin) => sum + of(bin), 0);
    const asked = Math.max(
      1,
      total((bin) => bin.asked),
    );
    const share = total((bin) => bin.was) / asked;
    const deviation = ({ off }: Sums): number =>
      Math.sqrt(off.reduce((sum, one) => sum + one ** 2, 0));
    return {
      asked: total((bin) => bin.asked),
      error: total(({ said, was }) => Math.abs(said - was)) / asked,
      byLuck: (DISTANCE * total(deviation)) / asked,
      brier: this.#squares / asked,
      brierOfShare: share * (1 - share),
      bins: this.#bins.map((bin) => ({
        asked: bin.asked,
        said: bin.said / Math.max(1, bin.asked),
        was: bin.was / Math.max(1, bin.asked),
      })),
    };
  }
}

/** Which tenants have the same history: a number of each. */
function historiesOf({ tenants }: Trace): readonly number[] {
  const known = new Map<string, number>();
  return tenants.map(({ starts, ends }) => {
    const history = `${starts.join()} ${ends.join()}`;
    const number = known.get(history) ?? known.size;
    known.set(history, number);
    return number;
  });
}
