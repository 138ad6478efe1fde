-- Since when all hours of use are kept: what was forgotten once can be billed by nobody, however long hours are kept later.
create table dynabase.use_kept (
  is_only boolean primary key default true check (is_only),
  hours_from timestamptz not null
);

-- What the payment provider has said last of each invoice that it has, ours or made by itself: its messages come in any order.
create table dynabase.payment_standings (
  provider_id text collate "C" primary key,
  -- Null for a customer that nobody knows here.
  customer_id text collate "C",
  state text not null check (state in ('open', 'paid', 'failed', 'void')),
  -- When the provider says that it happened.
  said_at timestamptz not null,
  note text not null
);

create index payment_standings_failed on dynabase.payment_standings (customer_id, said_at) where state = 'failed';

-- What was noted with customers before has no invoice to be kept with.
insert into dynabase.payment_standings (provider_id, customer_id, state, said_at, note)
select coalesce(paid.provider_id, paid.number), invoices.customer_id, paid.state, paid.changed_at, coalesce(profiles.failed_note, 'unknown')
from dynabase.invoice_payments paid
join dynabase.invoices on invoices.number = paid.number
left join dynabase.billing_profiles profiles on profiles.customer_id = invoices.customer_id
on conflict do nothing;
