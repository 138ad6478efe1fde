/** What may be used: six limits, each told of (soft) or kept to (hard). */
import { useState } from 'react';
import type { Quota } from '../../sdk/index.ts';
import { Button } from '../ui/button.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';

const GB = 1_000_000_000;

type Name = keyof Quota;

/** As people give them: hours, gigabytes, sessions. */
const LIMITS: readonly (readonly [Name, string, number])[] = [
  ['activeTimeSeconds', 'Awake, hours a month', 3_600],
  ['computeTimeSeconds', 'Compute time, hours a month', 3_600],
  ['writtenDataBytes', 'Written, GB a month', GB],
  ['dataTransferBytes', 'Sent to clients, GB a month', GB],
  ['logicalSizeBytes', 'Size, GB', GB],
  ['sessions', 'Sessions at once', 1],
];

type Texts = Readonly<Record<string, string>>;

const textsOf = (quota: Quota): Texts =>
  Object.fromEntries(
    LIMITS.flatMap(([name, , unit]) =>
      (['soft', 'hard'] as const).map((grade) => {
        const value = quota[name]?.[grade] ?? null;
        return [`${name} ${grade}`, value === null ? '' : String(value / unit)];
      }),
    ),
  );

const amountOf = (text: string, unit: number): number | null =>
  text.trim() === '' ? null : Math.round(Number(text) * unit);

const quotaOf = (texts: Texts): Quota =>
  Object.fromEntries(
    LIMITS.flatMap(([name, , unit]) => {
      const soft = amountOf(texts[`${name} soft`] ?? '', unit);
      const hard = amountOf(texts[`${name} hard`] ?? '', unit);
      return soft === null && hard === null ? [] : [[name, { soft, hard }]];
    }),
  );

export function QuotaEditor({
  quota,
  disabledBecause,
  onSave,
}: {
  readonly quota: Quota;
  readonly disabledBecause: string | null;
  readonly onSave: (quota: Quota) => Promise<unknown>;
}) {
  const [texts, setTexts] = useState(textsOf(quota));
  const [error, setError] = useState<unknown>(null);
  const save = async (): Promise<void> => {
    setError(null);
    try {
      await onSave(quotaOf(texts));
      say('The limits hold at once');
    } catch (thrown) {
      setError(thrown);
    }
  };
  const isWrong = Object.values(texts).some((text) => !(Number(text) >= 0));
  return (
    <div className="space-y-3">
      <table className="w-full">
        <Head />
        <tbody>
          {LIMITS.map(([name, title]) => (
            <tr key={name}>
              <th scope="row" className="py-1 pr-3 text-left font-normal">
                {title}
              </th>
              {(['soft', 'hard'] as const).map((grade) => (
                <td key={grade} className="py-1 pr-2">
                  <input
                    aria-label={`${title}, ${grade === 'soft' ? 'told of at' : 'ends at'}`}
                    inputMode="decimal"
                    placeholder="none"
                    value={texts[`${name} ${grade}`] ?? ''}
                    onChange={({ target }) =>
                      setTexts({ ...texts, [`${name} ${grade}`]: target.value })
                    }
                    className="control tnum w-full min-w-0 border-line-strong!"
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {error !== null && <ErrorBox error={error} />}
      <Button
        disabledBecause={disabledBecause ?? (isWrong ? 'Limits are numbers, or nothing.' : null)}
        onClick={() => void save()}
      >
        Save limits
      </Button>
    </div>
  );
}

const Head = () => (
  <thead className="text-xs text-ink-soft">
    <tr>
      <th scope="col" className="text-left font-normal">
        Limit
      </th>
      {['told of at', 'ends at'].map((head) => (
        <th key={head} scope="col" className="w-24 text-left font-normal">
          {head}
        </th>
      ))}
    </tr>
  </thead>
);
