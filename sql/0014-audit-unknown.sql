-- What a crash cuts off is told of as unknown once there is a server again; of entries under way there are few.
alter table dynabase.audit drop constraint audit_outcome_check;
alter table dynabase.audit
  add constraint audit_outcome_check check (outcome in ('begun', 'done', 'failed', 'unknown'));
create index audit_begun on dynabase.audit (id) where outcome = 'begun';
