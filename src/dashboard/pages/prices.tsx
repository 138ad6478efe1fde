/** What things cost us, what they are sold for, and how much a month may come to. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PriceBook } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { priceBooksQuery, tariffsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { attempt, say } from '../ui/toast.tsx';
import { BudgetPanel } from './budget-panel.tsx';
import { JsonEditor } from './json-editor.tsx';

export function PricesPage() {
  const books = useQuery(priceBooksQuery);
  const tariffs = useQuery(tariffsQuery);
  const refused = useRefusal()('setTariffs');
  const client = useQueryClient();
  return (
    <>
      <PageHead
        title="Prices and budgets"
        lead="What things cost, what plans are sold for, what a month may come to."
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="Price books">
          <Loaded query={books} lines={14}>
            {(rows) => <Books rows={rows} />}
          </Loaded>
        </Panel>
        <div className="grid gap-4">
          <BudgetPanel owner={{ kind: 'fleet' }} />
          <Panel title="Tariffs" aside={<span className="text-xs">what plans are sold for</span>}>
            <Loaded query={tariffs} lines={14}>
              {({ document }) => (
                <JsonEditor
                  key={JSON.stringify(document)}
                  label="Tariffs"
                  hint="JSON. Days that were told to somebody stay as they are."
                  document={document}
                  action="Set tariffs"
                  disabledBecause={refused}
                  onSave={async (next) => {
                    await dynabase.economics.setTariffs(next);
                    say('The tariffs hold from now on');
                    await client.invalidateQueries({ queryKey: ['costs'] });
                  }}
                />
              )}
            </Loaded>
          </Panel>
        </div>
      </div>
    </>
  );
}

/** One is looked at; one of the presets is changed under a name of its own. */
function Books({ rows }: { readonly rows: readonly PriceBook[] }) {
  const inForce = rows.find(({ isInForce }) => isInForce)?.name ?? rows[0]?.name ?? '';
  const [open, setOpen] = useState(inForce);
  const book = rows.find(({ name }) => name === open);
  return (
    <div className="space-y-4">
      <ul className="divide-y divide-line/60">
        {rows.map(({ name, isPreset, revision, currency, isInForce }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === open}
              onClick={() => setOpen(name)}
              className="flex min-h-9 w-full items-center gap-3 rounded px-2 text-left hover:bg-sunken aria-pressed:bg-sunken aria-pressed:font-medium"
            >
              <span className="min-w-0 flex-1 truncate">{name}</span>
              {isInForce && <Badge tone="good">in force</Badge>}
              <span className="w-24 text-right text-xs text-ink-soft">
                {isPreset ? 'preset' : `revision ${revision}`}
              </span>
              <span className="w-10 text-right text-xs text-ink-soft">{currency}</span>
            </button>
          </li>
        ))}
      </ul>
      {book !== undefined && <Book key={`${book.name} ${book.revision}`} book={book} />}
    </div>
  );
}

function Book({ book }: { readonly book: PriceBook }) {
  const client = useQueryClient();
  const refusal = useRefusal();
  const [name, setName] = useState(book.isPreset ? `${book.name}-ours` : book.name);
  const use = async (): Promise<void> => {
    // biome-ignore lint/correctness/useHookAtTopLevel: no hook, an operation of that name
    await attempt(dynabase.economics.usePriceBook(book.name), `${book.name} is in force`);
    await client.invalidateQueries({ queryKey: ['costs'] });
  };
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <TextField
          label="Saved under the name"
          value={name}
          onChange={setName}
          isCode
          {...(book.isPreset
            ? { hint: 'A preset stays as it is; what you save is your own.' }
            : {})}
        />
        <span className="pt-5">
          <Button
            disabledBecause={
              refusal('usePriceBook') ?? (book.isInForce ? 'It is in force already.' : null)
            }
            onClick={use}
          >
            Put in force
          </Button>
        </span>
      </div>
      <JsonEditor
        label={`Price book ${book.name}`}
        hint="JSON. A change that would touch a settled day is refused."
        document={book.document}
        action={name === book.name ? 'Save' : `Save as ${name}`}
        disabledBecause={
          refusal('putPriceBook') ?? (/^[\w.-]{1,60}$/.test(name) ? null : 'Give it a plain name.')
        }
        onSave={async (document) => {
          await dynabase.economics.putPriceBook(name, document);
          say(`${name} is saved`);
          await client.invalidateQueries({ queryKey: ['costs'] });
        }}
      />
    </div>
  );
}
