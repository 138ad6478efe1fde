-- A key opens the session of a browser, too: it stands for nobody then, and ends with the key.
alter table dynabase.api_keys drop constraint api_keys_check;
create index api_keys_opened_by on dynabase.api_keys (created_by) where is_session;
