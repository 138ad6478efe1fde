/** What one tenant costs and brings in, this month. */
import { useQuery } from '@tanstack/react-query';
import type { OwnCost, Tenant } from '../../sdk/index.ts';
import { chargedForQuery } from '../customer/queries.ts';
import { money } from '../format/money.ts';
import { percent } from '../format/units.ts';
import { Fact, Facts, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';

export function TenantCost({
  tenant: { id },
  room,
}: {
  readonly tenant: Tenant;
  readonly room: string;
}) {
  const cost = useQuery(chargedForQuery(id));
  return (
    <Panel title="Cost and margin" room={room} aside={<span className="text-xs">this month</span>}>
      <Loaded query={cost}>{(found) => <Figures cost={found} />}</Loaded>
    </Panel>
  );
}

function Figures({
  cost: { ours, charged, chargedAtMonthEnd, currency },
}: {
  readonly cost: OwnCost;
}) {
  if (ours === null) return null;
  const own = (amount: string | null): string => money(amount, ours.currency);
  return (
    <Facts>
      <Fact name="Costs us">
        <span className="font-medium">{own(ours.cost)}</span>: {own(ours.attributed)} by its own
        use, {own(ours.shared)} of what all share
      </Fact>
      <Fact name="Expected">
        {own(ours.projection.expected)} by the month’s end
        <span className="text-ink-soft">
          {' '}
          ({own(ours.projection.low)} to {own(ours.projection.high)})
        </span>
      </Fact>
      <Fact name="Never asleep">
        {Number(ours.alwaysOn) > Number(ours.attributed)
          ? `its own use would cost ${own(ours.alwaysOn)}`
          : 'its own use would cost no more'}
      </Fact>
      <Fact name="Charged">
        {money(charged, currency)}, {money(chargedAtMonthEnd, currency)} by the month’s end
      </Fact>
      <Fact name="Margin">{earned(ours)}</Fact>
      {ours.suggestedPrice !== null && (
        <Fact name="Price">{own(ours.suggestedPrice)} a month would leave three quarters</Fact>
      )}
    </Facts>
  );
}

function earned(ours: NonNullable<OwnCost['ours']>): string {
  if (ours.margin !== null) {
    const profit = money(ours.profit, ours.currency);
    return ours.margin < -1 ? profit : `${percent(ours.margin)}, ${profit}`;
  }
  return ours.marginUnknown === 'too early' ? 'too early to tell' : 'nothing is paid for it';
}
