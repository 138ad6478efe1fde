-- That a customer agrees to less than the PERSISTENT paid for, and which tier a tenant had before the bounds of
-- plan or rules raised it.
alter table dynabase.tenants
  add column consent_at timestamptz,
  add column consent_by text check (consent_by in ('operator', 'customer')),
  add constraint tenants_consent_whole check ((consent_at is null) = (consent_by is null)),
  add column tier_before text check (tier_before in ('COLD', 'WARM', 'HOT', 'PERSISTENT'));
