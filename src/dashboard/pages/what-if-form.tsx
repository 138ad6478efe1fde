/** Other rules, tried on what really happened: what it would have cost, and who would have waited. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { POLICY_PRESETS, TENANT_PLANS, TENANT_TIERS } from '../../contract/limits.ts';
import { DynaBaseError, type WhatIfWish } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/field.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { Slider } from './slider.tsx';
import { WhatIfAnswer } from './what-if-answer.tsx';
import { type Choice, DAYS_MAX, FIRST_CHOICE, IDLE_MS, wishOf } from './what-if-wish.ts';

/** Whoever moves a slider is not done with it at once. */
const SETTLES_MS = 400;

const whatIfQuery = (wish: WhatIfWish) =>
  queryOptions({
    queryKey: ['what-if', wish],
    queryFn: ({ signal }) => dynabase.economics.whatIf(wish, { signal }),
    staleTime: 600_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });

const KINDS = [
  { value: 'idle', text: 'suspended after a fixed idle time' },
  { value: 'tier', text: 'in one tier all the time' },
  { value: 'plan', text: 'on another plan' },
  { value: 'policy', text: 'under another policy' },
] as const;

/** Of one tenant, or of a sample of the fleet. Nothing is replayed before it is asked for; then whatever is chosen is. */
export function WhatIfForm({ tenant }: { readonly tenant?: string }) {
  const refused = useRefusal()('whatIf');
  const [choice, setChoice] = useState(FIRST_CHOICE);
  const [wish, setWish] = useState<WhatIfWish | null>(null);
  const isAsked = wish !== null;
  useEffect(() => {
    if (!isAsked) return;
    const timer = setTimeout(() => setWish(wishOf(choice, tenant)), SETTLES_MS);
    return () => clearTimeout(timer);
  }, [choice, tenant, isAsked]);
  const answer = useQuery({ ...whatIfQuery(wish ?? {}), enabled: isAsked });
  return (
    <div className="@container">
      <div className="grid gap-x-8 gap-y-4 @4xl:grid-cols-2">
        <Chooser
          of={tenant === undefined ? 'Every tenant had been' : 'It had been'}
          choice={choice}
          onChange={setChoice}
        />
        <div>
          {!isAsked && (
            <div className="flex flex-wrap items-center gap-3">
              <Button disabledBecause={refused} onClick={() => setWish(wishOf(choice, tenant))}>
                Replay
              </Button>
              <p className="min-w-0 flex-1 text-ink-soft">
                What happened is lived through again under other rules; nothing is changed.
              </p>
            </div>
          )}
          {answer.error !== null && (
            <Unanswered error={answer.error} retry={() => void answer.refetch()} />
          )}
          {isAsked && answer.error === null && (
            <div aria-busy={answer.isFetching} className={answer.isFetching ? 'opacity-60' : ''}>
              {answer.data === undefined ? (
                <p className="text-ink-soft">Replaying …</p>
              ) : (
                <WhatIfAnswer answer={answer.data} />
              )}
            </div>
          )}
        </div>
      </div>
    </div>
  );
}

/** Of who was not used yet there is nothing to replay: no failure. */
function Unanswered({ error, retry }: { readonly error: Error; readonly retry: () => void }) {
  const isNothing = error instanceof DynaBaseError && error.code === 'WHAT_IF_NOTHING';
  if (!isNothing) return <ErrorBox error={error} retry={retry} />;
  return (
    <p className="text-ink-soft">
      Nothing that was recorded in these days can be replayed yet: it takes some use, and sleep
      between.
    </p>
  );
}

function Chooser({
  of,
  choice,
  onChange,
}: {
  readonly of: string;
  readonly choice: Choice;
  readonly onChange: (choice: Choice) => void;
}) {
  const set = (change: Partial<Choice>): void => onChange({ ...choice, ...change });
  return (
    <div className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
      <Select label={of} value={choice.kind} choices={KINDS} onChange={(kind) => set({ kind })} />
      <Which choice={choice} set={set} />
      <Slider
        label="Of the last"
        told={`${choice.days} ${choice.days === 1 ? 'day' : 'days'}`}
        value={choice.days}
        min={1}
        max={DAYS_MAX}
        onChange={(days) => set({ days })}
      />
    </div>
  );
}

function Which({
  choice,
  set,
}: {
  readonly choice: Choice;
  readonly set: (change: Partial<Choice>) => void;
}) {
  const { kind } = choice;
  switch (kind) {
    case 'idle':
      return (
        <Slider
          label="Idle time"
          told={duration(IDLE_MS[choice.idle] ?? 0)}
          value={choice.idle}
          min={0}
          max={IDLE_MS.length - 1}
          onChange={(idle) => set({ idle })}
        />
      );
    case 'tier':
      return (
        <Slider
          label="Tier"
          told={TENANT_TIERS[choice.tier] ?? ''}
          value={choice.tier}
          min={0}
          max={TENANT_TIERS.length - 1}
          onChange={(tier) => set({ tier })}
        />
      );
    case 'plan':
      return (
        <Select
          label="Plan"
          value={choice.plan}
          choices={TENANT_PLANS.map((value) => ({ value, text: value }))}
          onChange={(plan) => set({ plan })}
        />
      );
    case 'policy':
      return (
        <Select
          label="Policy"
          value={choice.preset}
          choices={POLICY_PRESETS.map((value) => ({ value, text: `preset ${value}` }))}
          onChange={(preset) => set({ preset })}
        />
      );
    default:
      return kind satisfies never;
  }
}
