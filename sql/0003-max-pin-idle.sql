-- Idle time after which a session that cannot be parked is ended: 0 for never, null for the server's.

alter table dynabase.tenants add column max_pin_idle_ms bigint check (max_pin_idle_ms >= 0);
