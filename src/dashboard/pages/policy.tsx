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

/** What a week under the rules would have been like; null where nothing was used that could be replayed. */
type Tried =
  | { readonly kind: 'good'; readonly week: WhatIf | null }
  | { readonly kind: 'bad'; readonly error: unknown };

/** Throws what is wrong with the rules. */
async function triedOut(change: PolicyChange): Promise<WhatIf | null> {
  await dynabase.policy.set({ ...change, dryRun: true });
  const rules =
    change.file === undefined ? { policy: change.preset ?? '' } : { policyFile: change.file };
  try {
    return await dynabase.economics.whatIf({ ...rules, days: 7 });
  } catch (error) {
    if (error instanceof DynaBaseError && error.code === 'WHAT_IF_NOTHING') return null;
    throw error;
  }
}

function Editor({ policy }: { readonly policy: Policy }) {
  const client = useQueryClient();
  const refused = useRefusal()('setPolicy');
  const [preset, setPreset] = useState<string>(policy.file === null ? policy.preset : '');
  const [file, setFile] = useState(policy.file ?? `{\n  "preset": "${policy.preset}"\n}\n`);
  const [tried, setTried] = useState<Tried | null>(null);
  const change: PolicyChange = preset === '' ? { file } : { preset };
  const [isBusy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      setTried({ kind: 'bad', error });
    } finally {
      setBusy(false);
    }
  };
  const tryOut = () =>
    attempt(async () => setTried({ kind: 'good', week: await triedOut(change) }));
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
        onChange={(next) => {
          setPreset(next);
          setTried(null);
        }}
      />
      {preset === '' && (
        <TextArea
          label="Policy file"
          value={file}
          onChange={(next) => {
            setFile(next);
            setTried(null);
          }}
          hint="JSON, begun from a preset; what it leaves out is as there."
        />
      )}
      {tried?.kind === 'bad' && <ErrorBox error={tried.error} />}
      <output className="block">{isTried && <Week week={tried.week} />}</output>
      <div className="flex gap-2">
        <Button isBusy={isBusy} disabledBecause={refused} onClick={() => void tryOut()}>
          {isBusy ? 'Replaying the last week' : 'Try on the last week'}
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

function Week({ week }: { readonly week: WhatIf | null }) {
  return (
    <div className="rounded-md border border-good/50 px-3 py-2.5">
      <p className="mb-2 text-good">These rules can be set.</p>
      {week === null ? (
        <p className="text-ink-soft">Nothing was used in the last week that could be replayed.</p>
      ) : (
        <WhatIfAnswer answer={week} />
      )}
    </div>
  );
}
