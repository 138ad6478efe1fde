/** What is used of what may be used. */
import type { Quota, QuotaState } from '../../sdk/index.ts';
import { bytes, count, duration } from '../format/units.ts';
import { useCaller } from '../shell/who.ts';
import { TimeAgo } from '../ui/time.tsx';

type Name = keyof QuotaState['used'] & keyof Quota;

const inSeconds = (value: number): string => duration(value * 1_000);

const NAMES: readonly (readonly [Name, string, (value: number) => string])[] = [
  ['activeTimeSeconds', 'Awake', inSeconds],
  ['computeTimeSeconds', 'Compute time', inSeconds],
  ['writtenDataBytes', 'Written', bytes],
  ['dataTransferBytes', 'Sent to clients', bytes],
  ['logicalSizeBytes', 'Size', bytes],
  ['sessions', 'Sessions', count],
];

/** Customers are not told of sleep. */
const OWN_NAMES: Readonly<Partial<Record<Name, string>>> = {
  ...{ activeTimeSeconds: 'Time in use', computeTimeSeconds: 'Computing', sessions: 'Connections' },
};

export function QuotaUse({ state }: { readonly state: QuotaState }) {
  const isOperator = useCaller().scope.kind === 'operator';
  return (
    <div className="space-y-3">
      <ul className="space-y-2.5">
        {NAMES.map(([name, title, format]) => (
          <Line
            key={name}
            title={isOperator ? title : (OWN_NAMES[name] ?? title)}
            used={state.used[name]}
            limit={state.effective[name]}
            format={format}
          />
        ))}
      </ul>
      <p className="text-xs text-ink-soft">
        Starts anew <TimeAgo at={state.resetsAt} />.
      </p>
    </div>
  );
}

function Line({
  title,
  used,
  limit,
  format,
}: {
  readonly title: string;
  readonly used: number;
  readonly limit: Quota[Name];
  readonly format: (value: number) => string;
}) {
  const most = limit?.hard ?? limit?.soft ?? null;
  const part = most === null ? 0 : Math.min(1, used / Math.max(1, most));
  const colour = part >= 1 ? 'var(--bad)' : part > 0.8 ? 'var(--warn)' : 'var(--accent)';
  return (
    <li>
      <div className="flex justify-between gap-4">
        <span className="text-ink-soft">{title}</span>
        <span className="tnum">
          {used === 0 ? '0' : format(used)}
          {most === null ? '' : ` of ${format(most)}`}
        </span>
      </div>
      {most !== null && (
        <div className="mt-1 h-1.5 rounded bg-sunken" aria-hidden="true">
          <div className="h-full rounded" style={{ width: `${part * 100}%`, background: colour }} />
        </div>
      )}
    </li>
  );
}
