import type { WhatIf } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration, percent } from '../format/units.ts';
import { Fact, Facts } from '../ui/panel.tsx';

/** What would have been, beside what was. */
export function WhatIfAnswer({ answer }: { readonly answer: WhatIf }) {
  const { cost, coldStarts, waitedMs, saved, verdict, currency, tenants, days } = answer;
  const share = saved !== null && saved < 0 ? `${percent(-saved)} more` : `${percent(saved)} saved`;
  return (
    <div className="space-y-3">
      <p className="font-medium">{verdict}</p>
      <Facts>
        <Fact name="Cost, 30 days">
          {money(cost.before, currency)} → {money(cost.after, currency)} ({share})
        </Fact>
        <Fact name="Cold starts">
          {count(coldStarts.before)} → {count(coldStarts.after)}
        </Fact>
        <Fact name="Waited for">
          {duration(waitedMs.before)} → {duration(waitedMs.after)}
        </Fact>
        <Fact name="Replayed">
          {count(tenants)} {tenants === 1 ? 'tenant' : 'tenants'}, {days.toFixed(1)} days
        </Fact>
      </Facts>
    </div>
  );
}
