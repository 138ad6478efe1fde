/** Something counted by the minute, up to now, as bars side by side. */
import { count } from '../format/units.ts';

const HEIGHT = 48;

export function Minutes({
  label,
  values,
}: {
  readonly label: string;
  /** The oldest first; the last minute is not over. */
  readonly values: readonly number[];
}) {
  const most = Math.max(1, ...values);
  const sum = values.reduce((all, one) => all + one, 0);
  return (
    <figure
      aria-label={`${label}: ${count(sum)}, ${count(Math.max(0, ...values))} in a minute at most`}
    >
      <figcaption className="mb-2 flex justify-between text-xs text-ink-soft" aria-hidden="true">
        <span>{label}</span>
        <span className="tnum">{count(sum)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${values.length * 4} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-12 w-full border-b border-line"
        aria-hidden="true"
      >
        {values.map((value, at) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a minute is its place
            key={at}
            x={at * 4 + 0.5}
            y={HEIGHT - (value / most) * HEIGHT}
            width="3"
            height={(value / most) * HEIGHT}
            fill="var(--accent)"
          />
        ))}
      </svg>
    </figure>
  );
}
