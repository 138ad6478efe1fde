/** What a chart draws, for who hears the page: every number where they are few, else what stands out of each line. */
import { count } from '../format/units.ts';

/** More rows than this nobody listens to. */
const ROWS_MAX = 48;

type Line = { readonly name: string; readonly values: readonly (number | null)[] };

export function ChartWords({
  label,
  lines,
  times,
  when,
  format,
}: {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly times: readonly number[];
  readonly when: (time: number) => string;
  readonly format: (value: number) => string;
}) {
  const told = (value: number | null | undefined): string => (value == null ? '–' : format(value));
  if (times.length > ROWS_MAX) {
    return (
      <div className="sr-only">
        {lines.map((line) => (
          <p key={line.name}>{summary(line, times.length, told)}</p>
        ))}
      </div>
    );
  }
  return (
    <div className="sr-only">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{when(time)}</th>
              {lines.map(({ name, values }) => (
                <td key={name}>{told(values[index])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary({ name, values }: Line, many: number, told: (value: number | null) => string) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${name}: nothing is known`;
  const [least, most] = known.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const last = told(known.at(-1) ?? null);
  return `${name}: ${told(least)} to ${told(most)} over ${count(many)} points, ${last} at last`;
}
