/** The rules of tiers and of staying awake: what is in force, and others, tried before they hold. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { POLICY_PRESETS } from '../../contract/limits.ts';
import { DynaBaseError, type Policy, type PolicyChange, type WhatIf } from '../../sdk/index.ts';
import { count, duration, percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { policyQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select, TextArea } from '../ui/field.tsx';
import { Fact, Facts, PageHead, Panel } from '../ui/panel.tsx';
import { ErrorBox, Loaded } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';
import { WhatIfAnswer } from './what-if-answer.tsx';

export function PolicyPage() {
  const policy = useQuery(policyQuery);
  return (
    <>
      <PageHead
        title="Policy"
        lead="The rules by which tenants are kept awake, put to sleep and given their tiers."
      />
      <Loaded query={policy} lines={10}>
        {(now) => (
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
            <Panel title="In force">
              <InForce policy={now} />
            </Panel>
            <Panel title="Change the rules">
              <Editor key={now.source} policy={now} />
            </Panel>
          </div>
        )}
      </Loaded>
    </>
  );
}

function InForce({ policy }: { readonly policy: Policy }) {
  const { husks, prewarms } = policy;
  return (
    <Facts>
      <Fact name="Rules">{policy.source}</Fact>
      <Fact name="Idle times">
        {policy.residency === 'adaptive'
          ? 'learned of each tenant, within a budget for the fleet'
          : 'fixed by tier'}
      </Fact>
      <Fact name="Cost">
        {policy.costShare === null
          ? 'not known yet'
          : `${percent(policy.costShare)} of always being awake`}
      </Fact>
      <Fact name="Value of a second">
        {policy.valueOfSecond === null
          ? 'none, times are fixed'
          : policy.valueOfSecond.toPrecision(3)}
      </Fact>
      <Fact name="Woken ahead">
        {count(prewarms.hits)} times somebody came, {count(prewarms.misses)} times nobody did (
        {duration(prewarms.wastedMs)} wasted)
      </Fact>
      <Fact name="Husks">
        {count(husks.ready)} ready of {count(husks.kept)}
        {husks.isFixed ? ', as an option says' : ', as many as are expected'}
      </Fact>
    </Facts>
  );
}

/** What a week under the rules would have been like. Whether they can be set does not hang on whether that can be told. */
type Week =
  | { readonly kind: 'replayed'; readonly answer: WhatIf }
  | { readonly kind: 'unused' }
  | { readonly kind: 'untold'; readonly error: unknown };

/** `rules` are those that were tried: what has been chosen since then has not been. */
type Tried = { readonly rules: string } & (
  | { readonly kind: 'good'; readonly week: Week }
  | { readonly kind: 'bad'; readonly error: unknown }
);

/** Throws what is wrong with the rules. */
async function triedOut(change: PolicyChange): Promise<Week> {
  await dynabase.policy.set({ ...change, dryRun: true });
  const rules =
    change.file === undefined ? { policy: change.preset ?? '' } : { policyFile: change.file };
  try {
    return {
      kind: 'replayed',
      answer: await dynabase.economics.whatIf({ ...rules, days: WEEK_DAYS }),
    };
  } catch (error) {
    const isUnused = error instanceof DynaBaseError && error.code === 'WHAT_IF_NOTHING';
    return isUnused ? { kind: 'unused' } : { kind: 'untold', error };
  }
}

const WEEK_DAYS = 7;

/** What each preset is for, in a line. */
const PRESETS_SAY: Readonly<Record<(typeof POLICY_PRESETS)[number], string>> = {
  machine: 'Fixed idle times, small computes; a tier is what a person has set.',
  railway: 'As machine, with the computes of large containers.',
  vision: 'Tiers by use, bounded by plans; fixed idle times.',
  adaptive: 'Tiers by use; when each sleeps and wakes is learned of it, within a budget.',
  'always-on': 'Nobody ever sleeps: what all else is compared with.',
  demo: 'As vision, but minutes are seconds: to be watched, not to be kept.',
};

const saysOf = (preset: string): string =>
  POLICY_PRESETS.filter((one) => one === preset)
    .map((one) => PRESETS_SAY[one])
    .join('');

function Editor({ policy }: { readonly policy: Policy }) {
  const client = useQueryClient();
  const refused = useRefusal()('setPolicy');
  const [preset, setPreset] = useState<string>(policy.file === null ? policy.preset : '');
  const [file, setFile] = useState(policy.file ?? `{\n  "preset": "${policy.preset}"\n}\n`);
  const [last, setLast] = useState<Tried | null>(null);
  const [isBusy, setBusy] = useState(false);
  const change: PolicyChange = preset === '' ? { file } : { preset };
  const rules = JSON.stringify(change);
  const tried = last?.rules === rules ? last : null;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      setLast({ kind: 'bad', rules, error });
    } finally {
      setBusy(false);
    }
  };
  const tryOut = () =>
    attempt(async () => setLast({ kind: 'good', rules, week: await triedOut(change) }));
  const put = () =>
    attempt(async () => {
      await dynabase.policy.set(change);
      say('The rules hold from now on');
      await client.invalidateQueries({ queryKey: ['policy'] });
    });
  const isTried = tried?.kind === 'good';
  return (
    <div className="space-y-4">
      <Select
        label="Rules"
        value={preset}
        choices={[
          ...POLICY_PRESETS.map((value) => ({ value: value as string, text: `preset ${value}` })),
          { value: '', text: 'a policy file' },
        ]}
        onChange={setPreset}
      />
      <p className="text-xs text-ink-soft">{saysOf(preset)}</p>
      {preset === '' && (
        <TextArea
          label="Policy file"
          value={file}
          onChange={setFile}
          hint="JSON, begun from a preset; what it leaves out is as there."
        />
      )}
      {tried?.kind === 'bad' && <ErrorBox error={tried.error} />}
      <output className="block">{isTried && <WeekTold week={tried.week} />}</output>
      <div className="flex gap-2">
        <Button isBusy={isBusy} disabledBecause={refused} onClick={() => void tryOut()}>
          Try on the last week
        </Button>
        <Button
          look="strong"
          disabledBecause={refused ?? (isTried ? null : 'Try them first.')}
          onClick={() => void put()}
        >
          Put in force
        </Button>
      </div>
    </div>
  );
}

function WeekTold({ week }: { readonly week: Week }) {
  return (
    <div className="space-y-2 rounded-md border border-good/50 px-3 py-2.5">
      <p className="text-good">These rules can be set.</p>
      {week.kind === 'unused' && (
        <p className="text-ink-soft">Nothing was used in the last week that could be replayed.</p>
      )}
      {week.kind === 'untold' && (
        <>
          <p>What the last week would have been like could not be told:</p>
          <ErrorBox error={week.error} />
        </>
      )}
      {week.kind === 'replayed' && <WhatIfAnswer answer={week.answer} />}
    </div>
  );
}
