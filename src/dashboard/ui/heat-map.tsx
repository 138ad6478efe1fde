/** Amounts by two things at once, the darker the more; each cell says its number to who points at it. */

export type HeatRow = { readonly name: string; readonly values: readonly number[] };

export function HeatMap({
  label,
  columns,
  rows,
  format,
}: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly HeatRow[];
  readonly format: (value: number) => string;
}) {
  const most = Math.max(1, ...rows.flatMap(({ values }) => values));
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
      tabIndex={0}
      className="relative overflow-x-auto pr-px"
    >
      <table className="w-full table-fixed border-separate border-spacing-px sm:border-spacing-0.5">
        <thead>
          <tr className="text-xs text-ink-soft">
            <td className="w-10" />
            {columns.map((column, index) => (
              <th key={column} scope="col" className="tnum relative font-normal">
                <span className={labelOf(index)}>{column}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row" className="pr-2 text-left text-xs font-normal text-ink-soft">
                {name}
              </th>
              {values.map((value, index) => (
                <td
                  key={columns[index]}
                  title={`${name} ${columns[index]}: ${format(value)}`}
                  className="relative h-6 overflow-hidden rounded-sm"
                  style={{ background: shade(value / most) }}
                >
                  <span className="sr-only">{format(value)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Scale rows={rows} columns={columns} format={format} />
    </section>
  );
}

const STEPS = [0, 0.04, 0.16, 0.4, 1] as const;

/** What the darkest stands for, and where it is. */
function Scale({
  rows,
  columns,
  format,
}: {
  readonly rows: readonly HeatRow[];
  readonly columns: readonly string[];
  readonly format: (value: number) => string;
}) {
  const cells = rows.flatMap(({ name, values }) =>
    values.map((value, index) => ({ value, where: `${name} at ${columns[index]}` })),
  );
  const most = cells.reduce((best, one) => (one.value > best.value ? one : best), {
    value: 0,
    where: '',
  });
  return (
    <p className="tnum mt-2 flex items-center justify-end gap-2 text-xs text-ink-soft">
      {most.value === 0 ? (
        'Nothing in these days.'
      ) : (
        <>
          <span className="flex gap-0.5" aria-hidden="true">
            {STEPS.map((part) => (
              <span key={part} className="size-3 rounded-sm" style={{ background: shade(part) }} />
            ))}
          </span>
          {`most: ${format(most.value)}, ${most.where}`}
        </>
      )}
    </p>
  );
}

/** A third of the columns is named, on a phone a sixth. */
const labelOf = (index: number): string =>
  index % 6 === 0 ? '' : index % 3 === 0 ? 'max-sm:sr-only' : 'sr-only';

/** Amounts differ by orders of magnitude: the root shows the small ones too. */
const shade = (part: number): string =>
  part === 0
    ? 'var(--sunken)'
    : `color-mix(in oklab, var(--accent) ${Math.round(15 + 85 * Math.sqrt(part))}%, var(--sunken))`;
