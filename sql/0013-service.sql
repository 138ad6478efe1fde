-- When the server has served, and what each day was like.

create table dynabase.service_life (
  is_one boolean primary key default true check (is_one),
  born_at timestamptz not null,
  beat_at timestamptz not null,
  is_closed boolean not null
);

create table dynabase.service_days (
  day date primary key,
  figures jsonb not null
);

create table dynabase.service_gaps (
  from_at timestamptz primary key,
  to_at timestamptz not null check (to_at > from_at),
  planned boolean not null
);

create index service_gaps_by_end on dynabase.service_gaps (to_at);
