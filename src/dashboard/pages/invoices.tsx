/** What customers were billed: made once a month, never changed, and proved against the ledger on request. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { InvoiceVerdicts } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { customersQuery, invoicesQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { complain, say } from '../ui/toast.tsx';
import { InvoiceTable } from './invoice-table.tsx';

export function InvoicesPage() {
  const refusal = useRefusal();
  const invoices = useQuery(invoicesQuery());
  const customers = useQuery(customersQuery());
  const [isClosing, setClosing] = useState(false);
  const [verdicts, setVerdicts] = useState<InvoiceVerdicts | null>(null);
  const verify = async (): Promise<void> => {
    try {
      setVerdicts(await dynabase.billing.verify());
    } catch (error) {
      complain(error);
    }
  };
  const names = new Map(customers.data?.rows.map(({ id, name }) => [id, name]));
  return (
    <>
      <PageHead
        title="Invoices"
        lead="Made from the ledger once a month is over. What is closed is never changed."
        actions={
          <>
            <Button disabledBecause={refusal('verifyInvoices')} onClick={verify}>
              Check all
            </Button>
            <Button
              look="strong"
              disabledBecause={refusal('closeMonth')}
              onClick={() => setClosing(true)}
            >
              Close a month
            </Button>
          </>
        }
      />
      {verdicts !== null && <Verdicts found={verdicts} />}
      <Panel
        title="Invoices"
        aside={
          <Link to="/customers" className="text-xs text-accent hover:underline">
            Credits are with each customer
          </Link>
        }
        isBare
      >
        <Loaded query={invoices} lines={8}>
          {({ rows }) => <InvoiceTable rows={rows} nameOf={(id) => names.get(id) ?? id} />}
        </Loaded>
      </Panel>
      {isClosing && <CloseMonth onClose={() => setClosing(false)} />}
    </>
  );
}

function Verdicts({ found }: { readonly found: InvoiceVerdicts }) {
  const wrong = found.verdicts.filter(({ isGood }) => !isGood);
  return (
    <output
      className={`mb-4 block rounded-lg border px-4 py-3 ${found.allGood ? 'border-good/50' : 'border-bad/50'}`}
    >
      {found.allGood
        ? `All ${count(found.verdicts.length)} are as they were closed, and what the ledger says otherwise is put right.`
        : wrong.map(({ number, isIntact, difference, currency }) => (
            <p key={number}>
              {number}:{' '}
              {isIntact
                ? `the ledger says ${money(difference, currency)} more; a correction puts it right`
                : 'its text is not the one that was closed'}
              .
            </p>
          ))}
    </output>
  );
}

/** The month before this one. */
function lastMonth(): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))
    .toISOString()
    .slice(0, 7);
}

function CloseMonth({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const [month, setMonth] = useState(lastMonth());
  const close = async (): Promise<void> => {
    const { numbers, skipped } = await dynabase.billing.close(month);
    say(
      `${count(numbers.length)} invoices of ${month}; ${count(skipped)} customers without a new one`,
    );
    await client.invalidateQueries({ queryKey: ['invoices'] });
  };
  return (
    <FormDialog
      title="Close a month"
      action={`Close ${month}`}
      isOpen
      onClose={onClose}
      onSubmit={close}
      disabledBecause={/^\d{4}-\d\d$/.test(month) ? null : 'Say which, such as 2026-10.'}
    >
      <p className="text-ink-soft">
        Every customer gets its invoice, with a number that follows the last. It cannot be taken
        back: what was wrong is put right in a later month. To do it twice does no harm.
      </p>
      <TextField label="Month" value={month} onChange={setMonth} isCode isRequired />
    </FormDialog>
  );
}
