/**
 * What a first row costs, by the level that a tenant has gone down to, for an empty tenant and for such
 * of 100 MB and 1 GB: connect, SCRAM and one row by its primary key through the front door.
 *
 *   node bench/ladder.ts [PAIRS] [MB,MB,...]
 *
 * L1: the compute runs. L2: it sleeps, its files are in the page cache. L3: they are on the disk only.
 * Each beside the same PostgreSQL on a copy of the same data, asked the same by hand, in pairs, in turn.
 * L4: they are in the archive only, a directory, whose objects are in the page cache or not. Beside it:
 * what this disk takes of as many bytes, written and synced.
 *
 * Bars: L2 and L3 at most 1.5x of by hand at p50. L4 of an empty tenant 100 ms at p95, and beyond that
 * 400 MB of logical data a second and core.
 */

import { measureArchive } from './ladder-archive.ts';
import { LadderBench } from './ladder-tenant.ts';
import { measureLevels, measureWorkingSet } from './ladder-wakes.ts';
import { printMachine, printTable } from './measure.ts';
import { closePageCache } from './page-files.ts';

const PAIRS = Number(process.argv[2] ?? 40);
const SIZES_MB = (process.argv[3] ?? '0,100,1000').split(',').map(Number);

await using bench = await LadderBench.open();
printMachine();
let emptyMs = 0;
for (const mb of SIZES_MB) {
  const tenant = await bench.newTenant(mb);
  const levels = await measureLevels(tenant, PAIRS);
  const worked = mb > 0 ? await measureWorkingSet(tenant, Math.ceil(PAIRS / 4)) : [];
  const archived = await measureArchive(tenant, { pairs: PAIRS, emptyMs });
  if (mb === 0) emptyMs = archived.p50Ms;
  printTable([[`${tenant.label}, ms`, 'p50', 'p95', 'by hand', 'p95', 'ratio', 'bar'], ...levels]);
  if (worked.length > 0) {
    console.log();
    printTable([[`${tenant.label}, ms`, 'p50', 'p95', 'from disk, MB'], ...worked]);
  }
  console.log();
  for (const table of archived.tables) {
    printTable(table);
    console.log();
  }
  await tenant.remove();
}
await closePageCache();
