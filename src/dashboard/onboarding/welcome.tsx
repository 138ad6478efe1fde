/** From nothing to the first rows: a plan, a name, a connection. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { TenantSecret } from '../../sdk/index.ts';
import { useBrand } from '../customer/brand.tsx';
import { usePlanRefusal } from '../customer/plan-choice.ts';
import { PLAN_NAMES, PLAN_WORDS, type Plan, promises } from '../customer/plan-words.ts';
import { customerQuery } from '../customer/queries.ts';
import { SecretShown } from '../pages/secret-shown.tsx';
import { dynabase } from '../server/client.ts';
import { plansQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { remember } from '../sql/history.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { FormFailure } from '../ui/refused-field.ts';
import { ErrorBox, Loaded } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';
import { FirstConnection } from './first-connection.tsx';
import { SAMPLE, SAMPLE_QUESTION } from './sample-data.ts';

export function WelcomePage() {
  const [made, setMade] = useState<TenantSecret | null>(null);
  const { name } = useBrand();
  return made === null ? (
    <>
      <PageHead
        title="A new database"
        lead={`PostgreSQL by ${name}: choose a plan, name it, and connect in under a minute.`}
      />
      <Choose onMade={setMade} />
    </>
  ) : (
    <Begin made={made} />
  );
}

function Choose({ onMade }: { readonly onMade: (made: TenantSecret) => void }) {
  const customer = useQuery(customerQuery);
  return (
    <Loaded query={customer} lines={8}>
      {({ plan }) => <Form own={plan} onMade={onMade} />}
    </Loaded>
  );
}

function Form({
  own,
  onMade,
}: {
  readonly own: Plan;
  readonly onMade: (made: TenantSecret) => void;
}) {
  const client = useQueryClient();
  const refused = useRefusal()('createTenant');
  const [plan, setPlan] = useState<Plan>(own);
  const [name, setName] = useState('');
  const mayNot = refused ?? (name === '' ? 'Give it a name.' : null);
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    const made = await dynabase.tenants.create({ name, ...(plan === own ? {} : { plan }) });
    await client.invalidateQueries({ queryKey: ['tenants'] });
    onMade(made);
  }, mayNot);
  return (
    <form onSubmit={onSubmit} className="space-y-5">
      <PlanCards own={own} plan={plan} onPick={setPlan} />
      <div className="max-w-md space-y-4">
        <FormFailure value={error}>
          <TextField
            label="Name"
            name="name"
            value={name}
            onChange={setName}
            isCode
            isRequired
            placeholder="shop"
            hint="Also its database and its owner role: a-z, 0-9, _ and -."
          />
        </FormFailure>
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" look="strong" isBusy={isBusy} disabledBecause={mayNot}>
          {isBusy ? 'Creating …' : 'Create the database'}
        </Button>
      </div>
    </form>
  );
}

/** Those up to one's own plan, and those that one may choose besides. */
function PlanCards({
  own,
  plan,
  onPick,
}: {
  readonly own: Plan;
  readonly plan: Plan;
  readonly onPick: (plan: Plan) => void;
}) {
  const planRefusal = usePlanRefusal();
  const terms = useQuery(plansQuery);
  const choices = TENANT_PLANS.filter((one) => one === own || planRefusal(one) === null);
  return (
    <fieldset>
      <legend className="mb-2 text-xs font-medium">Plan</legend>
      <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
        {choices.map((one) => {
          const sla = terms.data?.find((each) => each.plan === one)?.sla;
          return (
            <label
              key={one}
              className={`cursor-pointer rounded-lg border bg-surface p-4 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent ${
                one === plan ? 'border-accent' : 'border-line hover:border-line-strong'
              }`}
            >
              <span className="flex items-center gap-2 font-semibold">
                <input
                  type="radio"
                  name="plan"
                  checked={one === plan}
                  onChange={() => onPick(one)}
                />
                {PLAN_NAMES[one]}
              </span>
              <span className="mt-1 block">{PLAN_WORDS[one]}</span>
              <span className="mt-2 block min-h-12 space-y-0.5 text-xs text-ink-soft">
                {sla &&
                  promises(sla).map((line) => (
                    <span key={line} className="block">
                      {line}
                    </span>
                  ))}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function Begin({ made }: { readonly made: TenantSecret }) {
  const navigate = useNavigate();
  const go = (tab: 'connect' | 'sql') =>
    void navigate({ to: '/databases/$ref', params: { ref: made.name }, search: { tab } });
  return (
    <>
      <PageHead title={`${made.name} is ready`} lead="Connect with any client of PostgreSQL." />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="1. Connect">
          <div className="space-y-4">
            <SecretShown secret={made} />
            <FirstConnection tenant={made} />
            <Button onClick={() => go('connect')}>How other clients connect</Button>
          </div>
        </Panel>
        <Panel title="2. Or ask it something here">
          <Try made={made} onGo={() => go('sql')} />
        </Panel>
      </div>
    </>
  );
}

function Try({ made, onGo }: { readonly made: TenantSecret; readonly onGo: () => void }) {
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    await dynabase.inside.query(made.name, SAMPLE);
    const ran = { at: Date.now(), sql: SAMPLE_QUESTION, ms: null, rows: null, isFailed: false };
    remember(localStorage, made.id, ran);
    onGo();
  });
  return (
    <div className="space-y-4">
      <p className="text-ink-soft">
        The editor needs no client. With sample data there is something in it to look at: a small
        shop with customers, products and 1,500 orders, in a schema of its own.
      </p>
      {error !== null && <ErrorBox error={error} />}
      <div className="flex flex-wrap gap-2">
        <Button look="strong" isBusy={isBusy} onClick={() => onSubmit()}>
          {isBusy ? 'Loading …' : 'Load sample data'}
        </Button>
        <Button onClick={onGo}>Open the SQL editor</Button>
      </div>
    </div>
  );
}
