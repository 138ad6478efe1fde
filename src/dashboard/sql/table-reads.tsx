/** Which tables are read whole, and how much of that an index might spare: counted by PostgreSQL itself in every database. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { count, percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

type Reads = {
  readonly name: string;
  /** How often it was read from end to end, and how many rows that were. */
  readonly whole: number;
  readonly rows: number;
  /** How often an index was used instead. */
  readonly indexed: number;
  readonly dead: number | null;
};

const READS = `
select /* dynabase */ schemaname || '.' || relname as name, seq_scan::float8 as whole, seq_tup_read::float8 as rows,
  coalesce(idx_scan, 0)::float8 as indexed,
  n_dead_tup::float8 / nullif(n_live_tup + n_dead_tup, 0) as dead
from pg_stat_user_tables where seq_scan + coalesce(idx_scan, 0) > 0
order by seq_tup_read desc, name limit 100`;

const readsQuery = (ref: string) =>
  queryOptions({
    queryKey: ['rows', ref, 'reads'],
    queryFn: async ({ signal }) =>
      (await dynabase.inside.query(ref, { sql: READS }, { signal })).rows as readonly Reads[],
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });

export function TableReads({ name }: { readonly name: string }) {
  const reads = useQuery(readsQuery(name));
  return (
    <Loaded query={reads}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty title="No table was read yet" />
        ) : (
          <Table
            label="Tables by what is read of them"
            rows={rows}
            idOf={(one) => one.name}
            height="40dvh"
            columns={[
              {
                name: 'Table',
                width: 'minmax(7rem, 1fr)',
                cell: (one) => <span className="font-mono text-xs">{one.name}</span>,
              },
              {
                name: 'Read whole',
                width: '6rem',
                align: 'right',
                cell: (one) => count(one.whole),
              },
              {
                name: 'Rows of that',
                width: '7rem',
                align: 'right',
                cell: (one) => count(one.rows),
              },
              {
                name: 'By an index',
                width: '6rem',
                align: 'right',
                isSpare: true,
                cell: (one) => count(one.indexed),
              },
              {
                name: 'Dead rows',
                width: '6rem',
                align: 'right',
                isSpare: true,
                cell: (one) => percent(one.dead),
              },
            ]}
          />
        )
      }
    </Loaded>
  );
}
