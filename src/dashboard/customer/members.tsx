/** Who may call for the customer: people, keys, and from where. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyPanel } from '../pages/key-panel.tsx';
import { PeoplePanel } from '../pages/people-panel.tsx';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { AddressForm } from './limit-forms.tsx';
import { addressesQuery } from './queries.ts';

export function MembersPage() {
  const refusal = useRefusal();
  const client = useQueryClient();
  const addresses = useQuery(addressesQuery);
  return (
    <>
      <PageHead title="Members and keys" lead="Who may work with your databases, and from where." />
      <div className="space-y-4">
        <PeoplePanel title="Members" customer="me" />
        <KeyPanel title="Keys and sessions" of={{}} />
        <Panel title="Allowed addresses of all your databases">
          <Loaded query={addresses}>
            {(now) => (
              <AddressForm
                key={now.join()}
                now={now}
                refused={refusal('setCustomerAddresses')}
                onSave={async (wished) => {
                  await dynabase.limits.setCustomerAddresses('me', wished);
                  await client.invalidateQueries(addressesQuery);
                }}
              />
            )}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}
