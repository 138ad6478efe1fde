/** What is done to many tenants at once, how far it is, and what came of it. */
import { useEffect, useRef, useState } from 'react';
import { TENANT_TIERS } from '../../contract/limits.ts';
import { count } from '../format/units.ts';
import type { Guarded } from '../server/access.ts';
import { dynabase } from '../server/client.ts';
import type { TenantFilter } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import { complain, say } from '../ui/toast.tsx';
import { type Done, doToEach, type Reason, reasonsOf } from './bulk.ts';

/** More than that is not chosen together. */
const CHOSEN_MAX = 10_000;

/** From so many on it is asked whether that is meant. */
const ASKED_FROM = 20;

const NAMES_SHOWN = 5;

type Deed = {
  readonly text: string;
  /** What those are then to whom it was done. */
  readonly word: string;
  readonly operation: Guarded;
  readonly work: (name: string) => Promise<unknown>;
};

const DEEDS: readonly Deed[] = [
  {
    ...{ text: 'Wake', word: 'woken', operation: 'wakeTenant' },
    work: (name) => dynabase.tenants.wake(name),
  },
  {
    ...{ text: 'Suspend', word: 'suspended', operation: 'suspendTenant' },
    work: (name) => dynabase.tenants.suspend(name),
  },
  {
    ...{ text: 'Archive', word: 'archived', operation: 'archiveTenant' },
    work: (name) => dynabase.tenants.archive(name),
  },
];

const TIER_DEEDS: readonly Deed[] = [...TENANT_TIERS, 'auto' as const].map((tier) => ({
  text: tier === 'auto' ? 'As the policy says' : tier,
  word: 'changed',
  operation: 'changeTenant',
  work: (name) => dynabase.tenants.change(name, { tier }),
}));

type Phase =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'asking'; readonly deed: Deed }
  | { readonly kind: 'working'; readonly deed: Deed; readonly done: number }
  | { readonly kind: 'over'; readonly deed: Deed; readonly found: Done };

const CHOOSING: Phase = { kind: 'choosing' };

export function BulkActions({
  chosen,
  onChoose,
  filter,
  hasMore,
}: {
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
  readonly filter: TenantFilter;
  /** Whether there are more that match than are loaded. */
  readonly hasMore: boolean;
}) {
  const [phase, setPhase] = useState(CHOOSING);
  const stop = useRef(new AbortController());
  // Whoever leaves the page would not see what comes of it.
  useEffect(() => () => stop.current.abort(), []);
  if (chosen.size === 0 && phase.kind === 'choosing') return null;
  const names = [...chosen];
  const run = async (deed: Deed): Promise<void> => {
    stop.current = new AbortController();
    const told = (done: number): void => setPhase({ kind: 'working', deed, done });
    told(0);
    const found = await doToEach(names, deed.work, { told, signal: stop.current.signal });
    if (found.failures.length + found.left.length > 0) {
      setPhase({ kind: 'over', deed, found });
      return;
    }
    say(`${count(found.done)} ${deed.word}`);
    setPhase(CHOOSING);
    onChoose(new Set());
  };
  const begin = (deed: Deed): void =>
    names.length >= ASKED_FROM ? setPhase({ kind: 'asking', deed }) : void run(deed);
  const again = (next: readonly string[]): void => {
    setPhase(CHOOSING);
    onChoose(new Set(next));
  };
  if (phase.kind === 'working')
    return <Working {...phase} of={names.length} onStop={() => stop.current.abort()} />;
  if (phase.kind === 'over') return <Over {...phase} onChoose={again} />;
  return (
    <>
      <Choices count={names.length} onBegin={begin} onNone={() => onChoose(new Set())}>
        {hasMore && <ChooseAll filter={filter} onChoose={onChoose} chosen={names.length} />}
      </Choices>
      {phase.kind === 'asking' && (
        <FormDialog
          title={`${phase.deed.text}: ${count(names.length)} tenants`}
          action="Go on"
          isOpen
          onClose={() => setPhase((now) => (now.kind === 'asking' ? CHOOSING : now))}
          onSubmit={async () => void run(phase.deed)}
        >
          <p>
            It is done to one after the other, a few at a time; how far it is stands above the list,
            and it can be stopped there.
          </p>
        </FormDialog>
      )}
    </>
  );
}

const BAR = 'flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-2';

function Choices({
  count: many,
  onBegin,
  onNone,
  children,
}: {
  readonly count: number;
  readonly onBegin: (deed: Deed) => void;
  readonly onNone: () => void;
  readonly children: React.ReactNode;
}) {
  const refusal = useRefusal();
  return (
    <div className={BAR}>
      <output className="tnum mr-2 font-medium">{count(many)} chosen</output>
      {children}
      {DEEDS.map((deed) => (
        <Button
          key={deed.text}
          disabledBecause={refusal(deed.operation)}
          onClick={() => onBegin(deed)}
        >
          {deed.text}
        </Button>
      ))}
      <Menu
        trigger={<Button icon="down">Set tier</Button>}
        items={TIER_DEEDS.map((deed) => ({
          text: deed.text,
          disabledBecause: refusal(deed.operation),
          onClick: () => onBegin(deed),
        }))}
      />
      <Button look="quiet" onClick={onNone}>
        Choose none
      </Button>
    </div>
  );
}

/** Those too that no one has scrolled to. */
function ChooseAll({
  filter,
  chosen,
  onChoose,
}: {
  readonly filter: TenantFilter;
  readonly chosen: number;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}) {
  const [isBusy, setBusy] = useState(false);
  const all = async (): Promise<void> => {
    setBusy(true);
    try {
      const names = new Set<string>();
      for await (const { name } of dynabase.tenants.list(filter)) {
        if (names.size === CHOSEN_MAX) break;
        names.add(name);
      }
      onChoose(names);
      if (names.size === CHOSEN_MAX) say(`The first ${count(CHOSEN_MAX)} are chosen`);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  if (chosen >= CHOSEN_MAX) return null;
  return (
    <Button isBusy={isBusy} onClick={() => void all()}>
      Choose all that match
    </Button>
  );
}

function Working({
  deed,
  done,
  of,
  onStop,
}: {
  readonly deed: Deed;
  readonly done: number;
  readonly of: number;
  readonly onStop: () => void;
}) {
  return (
    <div className={BAR}>
      <output className="tnum font-medium">
        {deed.text}: {count(done)} of {count(of)} done
      </output>
      <progress
        aria-label="Done"
        className="h-1.5 min-w-24 flex-1 accent-accent"
        value={done}
        max={of}
      />
      <Button onClick={onStop}>Stop</Button>
    </div>
  );
}

function Over({
  deed: { word },
  found: { done, failures, left },
  onChoose,
}: {
  readonly deed: Deed;
  readonly found: Done;
  readonly onChoose: (names: readonly string[]) => void;
}) {
  const rest = [...failures.map(({ name }) => name), ...left];
  return (
    <div role="alert" className="space-y-2 border-b border-line bg-sunken px-4 py-3">
      <p className="tnum font-medium">
        {count(done)} {word}
        {failures.length > 0 && `, ${count(failures.length)} not`}
        {left.length > 0 && `, ${count(left.length)} not begun`}.
      </p>
      <ul className="max-h-48 space-y-1 overflow-y-auto">
        {reasonsOf(failures).map((reason) => (
          <Why key={reason.why} reason={reason} />
        ))}
      </ul>
      <div className="flex gap-2">
        <Button onClick={() => onChoose(rest)}>
          {rest.length === 1 ? 'Choose that one again' : `Choose those ${count(rest.length)} again`}
        </Button>
        <Button look="quiet" onClick={() => onChoose([])}>
          Done
        </Button>
      </div>
    </div>
  );
}

function Why({ reason: { why, names } }: { readonly reason: Reason }) {
  const more = names.length - NAMES_SHOWN;
  return (
    <li className="break-words">
      <span className="font-medium">{count(names.length)}</span>: {why}{' '}
      <span className="text-ink-soft">
        ({names.slice(0, NAMES_SHOWN).join(', ')}
        {more > 0 && ` and ${count(more)} more`})
      </span>
    </li>
  );
}
