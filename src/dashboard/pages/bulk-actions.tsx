/** What is done to many tenants at once: few at a time, so that nobody else has to wait for it. */
import { useState } from 'react';
import { TENANT_TIERS } from '../../contract/limits.ts';
import type { Tenant } from '../../sdk/index.ts';
import type { Guarded } from '../server/access.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { complain, say } from '../ui/toast.tsx';

const AT_ONCE = 4;

type Deed = (name: string) => Promise<unknown>;

/** Does it to each, `AT_ONCE` at a time; answers how many worked, and what the first failure said. */
export async function doToEach(
  names: readonly string[],
  deed: Deed,
  told: (done: number) => void,
): Promise<{ readonly done: number; readonly failed: number; readonly first: unknown }> {
  const left = [...names];
  let done = 0;
  let failed = 0;
  let first: unknown = null;
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        await deed(name);
        done++;
      } catch (error) {
        failed++;
        first ??= error;
      }
      told(done + failed);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failed, first };
}

/** Of what is chosen, what is still listed. */
const namesOf = (rows: readonly Tenant[], chosen: ReadonlySet<string>): readonly string[] =>
  rows.filter(({ name }) => chosen.has(name)).map(({ name }) => name);

export function BulkActions({
  rows,
  chosen,
  onDone,
}: {
  readonly rows: readonly Tenant[];
  readonly chosen: ReadonlySet<string>;
  readonly onDone: () => void;
}) {
  const refusal = useRefusal();
  const [progress, setProgress] = useState<number | null>(null);
  const names = chosen.size === 0 ? [] : namesOf(rows, chosen);
  if (names.length === 0) return null;
  const run = async (word: string, deed: Deed): Promise<void> => {
    setProgress(0);
    const { done, failed, first } = await doToEach(names, deed, setProgress);
    setProgress(null);
    if (failed === 0) say(`${done} ${word}`);
    else complain(new Error(`${done} ${word}, ${failed} not: ${String(first)}`));
    onDone();
  };
  const action = (text: string, operation: Guarded, word: string, deed: Deed) => (
    <Button
      disabledBecause={refusal(operation)}
      isBusy={progress !== null}
      onClick={() => void run(word, deed)}
    >
      {text}
    </Button>
  );
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-2">
      <output className="tnum mr-2 font-medium">
        {progress === null ? `${names.length} chosen` : `${progress} of ${names.length} done`}
      </output>
      {action('Wake', 'wakeTenant', 'woken', (name) => dynabase.tenants.wake(name))}
      {action('Suspend', 'suspendTenant', 'suspended', (name) => dynabase.tenants.suspend(name))}
      {action('Archive', 'archiveTenant', 'archived', (name) => dynabase.tenants.archive(name))}
      <Menu
        trigger={<Button icon="down">Set tier</Button>}
        items={[...TENANT_TIERS, 'auto' as const].map((tier) => ({
          text: tier === 'auto' ? 'As the policy says' : tier,
          disabledBecause: refusal('changeTenant'),
          onClick: () => void run('changed', (name) => dynabase.tenants.change(name, { tier })),
        }))}
      />
      <Button look="quiet" onClick={onDone}>
        Choose none
      </Button>
    </div>
  );
}
