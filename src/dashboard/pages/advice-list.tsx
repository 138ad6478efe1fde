/** What would be cheaper or quicker, each to be accepted where something can be changed for it. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Tenant, TenantPolicy } from '../../sdk/index.ts';
import { usePlanRefusal } from '../customer/plan-choice.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { say } from '../ui/toast.tsx';

type Advice = TenantPolicy['advice'][number];

type Change = NonNullable<Advice['change']>;

/** Said before it is done: it changes what is paid, or how quick the database is. */
function changeWords(change: Change, name: string): string {
  if ('plan' in change) return `${name} is moved to plan ${change.plan} at once.`;
  if ('tier' in change) return `${name} has tier ${change.tier} until somebody takes that back.`;
  return `${name} may have less than the tier that is paid for, while it is used less.`;
}

export function AdviceList({
  tenant,
  advice,
}: {
  readonly tenant: Tenant;
  readonly advice: readonly Advice[];
}) {
  const { name } = tenant;
  const client = useQueryClient();
  const refused = useRefusal()('changeTenant');
  const planRefusal = usePlanRefusal();
  const off = (change: Change): string | null =>
    refused ?? ('plan' in change ? planRefusal(change.plan) : null);
  const [chosen, setChosen] = useState<Advice | null>(null);
  return (
    <>
      <ul className="space-y-3">
        {advice.map((one) => (
          <li key={one.kind} className="flex items-start justify-between gap-4">
            <span>{one.text}</span>
            {one.change && (
              <Button disabledBecause={off(one.change)} onClick={() => setChosen(one)}>
                Accept
              </Button>
            )}
          </li>
        ))}
      </ul>
      <FormDialog
        title="Accept the recommendation"
        action="Accept"
        isOpen={chosen !== null}
        onClose={() => setChosen(null)}
        onSubmit={async () => {
          if (chosen?.change == null) return;
          await dynabase.tenants.change(name, chosen.change);
          say(`${name} is changed`);
          await client.invalidateQueries({ queryKey: ['tenant', name] });
        }}
      >
        <p>{chosen?.text}</p>
        <p className="text-ink-soft">{chosen?.change && changeWords(chosen.change, name)}</p>
      </FormDialog>
    </>
  );
}
