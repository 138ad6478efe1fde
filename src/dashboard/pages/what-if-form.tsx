/** Other rules, tried on what really happened: what it would have cost, and who would have waited. */
import { useState } from 'react';
import { POLICY_PRESETS, TENANT_TIERS } from '../../contract/limits.ts';
import type { WhatIf } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/field.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { WhatIfAnswer } from './what-if-answer.tsx';

const MINUTE_MS = 60_000;

const IDLE_MINUTES = [1, 5, 15, 60, 240] as const;

/** `kind value` of what is to be other than it was. */
const CHANGES = [
  ...POLICY_PRESETS.map((name) => ({ value: `policy ${name}`, text: `policy ${name}` })),
  ...IDLE_MINUTES.map((minutes) => ({
    value: `idle ${minutes}`,
    text: `suspended after ${duration(minutes * MINUTE_MS)} idle`,
  })),
  ...TENANT_TIERS.map((tier) => ({ value: `tier ${tier}`, text: `tier ${tier}` })),
];

/** Of one tenant, or of a sample of the fleet. */
export function WhatIfForm({ tenant }: { readonly tenant?: string }) {
  const refused = useRefusal()('whatIf');
  const [change, setChange] = useState('policy always-on');
  const [answer, setAnswer] = useState<WhatIf | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    const of = tenant === undefined ? {} : { tenant };
    try {
      setAnswer(await dynabase.economics.whatIf({ ...of, ...wishOf(change) }));
    } catch (thrown) {
      setAnswer(null);
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-end gap-2">
        <Select
          label={tenant === undefined ? 'Every tenant had been under' : 'It had been under'}
          value={change}
          choices={CHANGES}
          onChange={setChange}
        />
        <Button isBusy={isBusy} disabledBecause={refused} onClick={() => void ask()}>
          {isBusy ? 'Replaying' : 'Replay'}
        </Button>
      </div>
      {error !== null && <ErrorBox error={error} />}
      {answer ? (
        <WhatIfAnswer answer={answer} />
      ) : (
        <p className="text-ink-soft">
          The last two weeks are lived through again under other rules; nothing is changed.
        </p>
      )}
    </div>
  );
}

function wishOf(change: string) {
  const [kind, value = ''] = change.split(' ');
  if (kind === 'idle') return { idleMs: Number(value) * MINUTE_MS };
  const tier = TENANT_TIERS.find((one) => one === value);
  return kind === 'tier' && tier !== undefined ? { tier } : { policy: value };
}
