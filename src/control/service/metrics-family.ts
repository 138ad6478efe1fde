/**
 * What a monitoring system is told: families of samples by OpenMetrics' words, whoever prints them.
 *
 * Every label has few values, known beforehand; only the tenants of `TopTenants` have a label of their own, and there are
 * never more than were asked for. Names carry their unit, and counters are named without `_total`.
 * Source: OpenMetrics 1.0.
 */

export type Labels = Readonly<Record<string, string>>;

export type Sample = { readonly labels: Labels; readonly value: number };

/** One distribution: `counts` has one more than `bounds`, for what is above all of them. */
export type Spread = {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sum: number;
};

export type Family =
  | {
      readonly kind: 'gauge' | 'counter' | 'info';
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly kind: 'histogram';
      readonly name: string;
      readonly help: string;
      /** Upper bounds, rising. */
      readonly bounds: readonly number[];
      readonly spreads: readonly Spread[];
    };

/** Where families come from, asked at each scrape. */
export type MetricSource = () => readonly Family[] | Promise<readonly Family[]>;

/** A family with one label, out of a record. */
export function byLabel(
  family: { readonly kind: 'gauge' | 'counter'; readonly name: string; readonly help: string },
  label: string,
  values: Readonly<Record<string, number>>,
): Family {
  const samples = Object.entries(values).map(([is, value]) => ({ labels: { [label]: is }, value }));
  return { ...family, samples };
}

/** A family of one sample; of none where the value is not known. */
export const single = (
  family: { readonly kind: 'gauge' | 'counter'; readonly name: string; readonly help: string },
  value: number | null,
): Family => ({ ...family, samples: value === null ? [] : [{ labels: {}, value }] });
