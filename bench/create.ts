/**
 * How long a new tenant takes: the API call, and from there to the first row.
 *
 *   node bench/create.ts [TENANTS]
 *
 * Bar: created in at most 20 ms p50 while husks last. The limit beside it: a rename with fsync of
 * both directories, and a commit of the catalog, are what cannot be left out.
 */
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../src/testing/eventually.ts';
import { realServer } from '../src/testing/real-server.ts';
import { firstRow } from './bare-postgres.ts';
import { fixed, p50, p95, printMachine, printTable, timed, verdict } from './measure.ts';

const TENANTS = Number(process.argv[2] ?? 50);

await using server = await realServer({
  args: ['--log-level', 'error', '--husks', String(TENANTS + 5)],
});
const { tenants } = server.client;
const husks = join(server.dataDir, 'husks');
await eventually('the husks are ready', async () => (await readdir(husks)).length >= TENANTS + 5);

const created: number[] = [];
const firstRows: number[] = [];
const renames: number[] = [];
const scratch = join(server.dataDir, 'trash');
for (let i = 0; i < TENANTS; i++) {
  let uri = '';
  created.push(
    await timed(async () => {
      const tenant = await tenants.create({ name: `new-${i}` });
      uri = server.uri({ role: tenant.name, password: tenant.password });
    }),
  );
  firstRows.push(await timed(() => firstRow(uri)));
  await tenants.suspend(`new-${i}`);
  await mkdir(join(scratch, `from-${i}`));
  renames.push(
    await timed(() => durableRename(join(scratch, `from-${i}`), join(scratch, `to-${i}`))),
  );
}

async function durableRename(from: string, to: string): Promise<void> {
  await rename(from, to);
  const directory = await open(scratch);
  await directory.sync();
  await directory.close();
}

printMachine();
printTable([
  [`create, ${TENANTS} tenants, ms`, 'p50', 'p95'],
  ['POST /v1/tenants, answered', fixed(p50(created)), fixed(p95(created))],
  ['then connect, wake, settle, first row', fixed(p50(firstRows)), fixed(p95(firstRows))],
  ['a rename with fsync', fixed(p50(renames)), fixed(p95(renames))],
  ['bar of the first', `20 ${verdict(p50(created) <= 20)}`, ''],
]);
