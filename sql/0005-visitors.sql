-- Of the queries of a minute, those that health checks, monitors, pollers and backups have asked.
alter table dynabase.usage_minutes add column by_robots bigint not null default 0;
