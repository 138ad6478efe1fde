/** What would have been, beside what was. */
import type { WhatIf } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration, percent } from '../format/units.ts';

const SAYS: Readonly<Record<string, string>> = {
  better: 'Better: it costs no more, and nobody waits longer.',
  worse: 'Worse: it costs no less, and nobody waits shorter.',
  'the same': 'The same: what was done would have come to as much either way.',
};

/** Of a trade what a second of somebody's waiting is sold or bought for: the number to decide by. */
function sentence({ verdict, secondFor, currency }: WhatIf): string {
  const said = SAYS[verdict] ?? `${verdict.charAt(0).toUpperCase()}${verdict.slice(1)}`;
  if (secondFor === null) return said;
  const price = money(secondFor, currency);
  return verdict === 'cheaper but slower'
    ? `${said}: each second more that somebody waits saves ${price}.`
    : `${said}: each second less that somebody waits costs ${price}.`;
}

const signed = (difference: number, format: (value: number) => string): string =>
  difference === 0 ? '–' : `${difference > 0 ? '+' : '−'}${format(Math.abs(difference))}`;

/** A part of what was; of nothing no part says anything. */
const inPart = (saved: number | null): string =>
  saved === null || saved === 0 ? '' : ` (${signed(-saved, percent)})`;

export function WhatIfAnswer({ answer }: { readonly answer: WhatIf }) {
  const { cost, charged, coldStarts, waitedMs, saved, currency, tenants, days } = answer;
  const amount = (value: number): string => money(String(value), currency);
  return (
    <div className="space-y-3">
      <p className="font-medium">{sentence(answer)}</p>
      <table className="tnum w-full">
        <thead className="text-xs text-ink-soft">
          <tr>
            <th scope="col" className="text-left font-normal">
              Over 30 days
            </th>
            {['As it is', 'Then', 'Change'].map((head) => (
              <th key={head} scope="col" className="pl-3 text-right font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Line
            name="Cost of use"
            before={money(cost.before, currency)}
            after={money(cost.after, currency)}
            change={`${signed(Number(cost.difference), amount)}${inPart(saved)}`}
          />
          <Line
            name="Cold starts"
            before={count(coldStarts.before)}
            after={count(coldStarts.after)}
            change={signed(Math.round(coldStarts.difference), count)}
          />
          <Line
            name="Waited for"
            before={duration(waitedMs.before)}
            after={duration(waitedMs.after)}
            change={signed(waitedMs.difference, duration)}
          />
          {charged !== null && (
            <Line
              name="Charged, this month"
              before={money(charged.before, currency)}
              after={money(charged.after, currency)}
              change={signed(Number(charged.difference), amount)}
            />
          )}
        </tbody>
      </table>
      <p className="text-xs text-ink-soft">
        {count(tenants)} {tenants === 1 ? 'tenant was' : 'tenants were'} replayed over {count(days)}{' '}
        {days === 1 ? 'day' : 'days'}, both ways by the same simulator.
      </p>
    </div>
  );
}

function Line({
  name,
  before,
  after,
  change,
}: {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
}) {
  return (
    <tr className="h-7 border-t border-line/60">
      <th scope="row" className="text-left font-normal text-ink-soft">
        {name}
      </th>
      <td className="pl-3 text-right whitespace-nowrap">{before}</td>
      <td className="pl-3 text-right font-medium whitespace-nowrap">{after}</td>
      <td className="pl-3 text-right whitespace-nowrap">{change}</td>
    </tr>
  );
}
