-- Lists of tenants by state, and by how long they have been in it. A change of state writes to all indexes of its row anyway.
create index tenants_by_state on dynabase.tenants (state collate "C", name);

create index tenants_by_state_since on dynabase.tenants (state_since, name);
