import type { InvoiceHead } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';

const TONES: Readonly<Record<NonNullable<InvoiceHead['payment']>, Tone>> = {
  ...{ open: 'accent', paid: 'good', failed: 'bad', void: 'plain' },
};

/** As the server prints it: a page for paper, or a table. */
const printed = (number: string, format: 'html' | 'csv'): string =>
  `/v1/invoices/${encodeURIComponent(number)}?format=${format}`;

const Files = ({ number }: Pick<InvoiceHead, 'number'>) => (
  <span className="flex justify-end gap-3">
    <a
      href={printed(number, 'html')}
      target="_blank"
      rel="noreferrer"
      aria-label={`Print ${number}`}
      className="text-accent hover:underline"
    >
      Print
    </a>
    <a
      href={printed(number, 'csv')}
      aria-label={`CSV of ${number}`}
      className="text-accent hover:underline"
    >
      CSV
    </a>
  </span>
);

export function InvoiceTable({
  rows,
  nameOf,
}: {
  readonly rows: readonly InvoiceHead[];
  /** Of a customer; not given where all are of one. */
  readonly nameOf?: (customer: string) => string;
}) {
  if (rows.length === 0) {
    return (
      <Empty title="No invoices yet">
        A month is billed once it is over; its invoice stands here from then on.
      </Empty>
    );
  }
  return (
    <Table
      label="Invoices"
      rows={rows}
      idOf={({ number }) => number}
      height="60dvh"
      columns={[
        {
          name: 'Number',
          width: '6.5rem',
          cell: ({ number }) => <span className="font-mono">{number}</span>,
        },
        ...(nameOf === undefined
          ? []
          : [{ name: 'Customer', cell: ({ customer }: InvoiceHead) => nameOf(customer) }]),
        { name: 'Month', width: '5rem', cell: ({ month }) => month },
        {
          name: 'Total',
          width: '6rem',
          align: 'right',
          cell: ({ total, currency }) => money(total, currency),
        },
        {
          name: 'Payment',
          width: '6rem',
          isSpare: true,
          cell: ({ payment }) =>
            payment === null ? '–' : <Badge tone={TONES[payment]}>{payment}</Badge>,
        },
        {
          name: 'Closed',
          width: '7rem',
          isSpare: true,
          cell: ({ closedAt }) => <TimeAgo at={closedAt} />,
        },
        {
          name: 'File',
          width: '6rem',
          align: 'right',
          cell: Files,
        },
      ]}
    />
  );
}
