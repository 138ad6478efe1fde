-- Changes of tier by time, so that to count them reads an index and nothing of what else was decided.
create index decisions_tier_flows on dynabase.decisions (at) include (was, becomes) where kind = 'tier';
