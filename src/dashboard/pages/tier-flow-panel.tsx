/** Between which tiers tenants went of late. Those that stayed are not drawn: they would hide the rest. */
import { useQuery } from '@tanstack/react-query';
import { TENANT_TIERS } from '../../contract/limits.ts';
import { tierFlowsQuery } from '../server/queries.ts';
import { TIER_FILLS } from '../ui/badge.tsx';
import { Panel } from '../ui/panel.tsx';
import { Sankey } from '../ui/sankey.tsx';
import { Empty, Loaded } from '../ui/states.tsx';

const NAMES = TENANT_TIERS.toReversed();

export function TierFlowPanel() {
  const flows = useQuery(tierFlowsQuery);
  return (
    <Panel
      room="14.75rem"
      title="Changes of tier"
      aside={<span className="text-xs">the last 7 days</span>}
    >
      <Loaded query={flows} lines={6}>
        {(found) =>
          found.flows.length === 0 ? (
            <Empty title="Every tenant kept its tier">
              A tenant rises as it is used more, and falls as it rests; each change shows here.
            </Empty>
          ) : (
            <Sankey
              label="Changes of tier, from the one before to the one after"
              names={NAMES}
              flows={found.flows}
              colours={TIER_FILLS}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
