import { parseArgs } from 'node:util';
import { fixed, p50, printMachine, printTable } from './measure.ts';
import { LOADS, type Sample, sample } from './relay-loads.ts';
import { relayStart } from './relay-start.ts';
import { throughDynaBase, throughPgBouncer, type Way } from './rivals.ts';

const BACKENDS = 20;

const { values: chosen } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    clients: { type: 'string', default: '64,256,1000' },
    loads: { type: 'string', default: 'simple,extended,prepared' },
  },
});
const names = chosen.loads.split(',');
const sizes = chosen.clients.split(',').map(Number);

await using start = await relayStart(['max_connections=100', 'shared_buffers=128MB']);
const { postgres, role } = start;
// First, since it makes the certificate that both show.
await using dynaBase = await throughDynaBase(postgres, role, BACKENDS);
await using pgBouncer = await throughPgBouncer(postgres, role, BACKENDS);
const rival = pgBouncer?.ways.at(-1);
const ways = [...(rival === undefined ? [] : [rival]), ...dynaBase.ways];
printMachine();

for (const load of LOADS.filter(({ name }) => names.includes(name))) {
  const able = ways.filter((way) => way.keepsStatements || load.keepsStatements !== true);
  const rows: string[][] = [];
  for (const clients of sizes) {
    const samples = new Map<Way, Sample[]>(able.map((way) => [way, []]));
    for (let round = 0; round < Number(chosen.rounds); round++) {
      for (const way of round % 2 === 0 ? able : able.toReversed()) {
        const one = await sample(way, load, { clients, seconds: Number(chosen.seconds) });
        samples.get(way)?.push(one);
      }
    }
    rows.push(...able.map((way) => rowOf(`${clients} clients, ${way.name}`, samples, way)));
  }
  const head = ['tps', 'p50 ms', 'p99 ms', 'CPU us', 'x PgBouncer', 'p99', 'CPU'];
  printTable([[`${load.name}: ${load.says}, ${BACKENDS} backends`, ...head], ...rows]);
  console.log();
}

function rowOf(title: string, samples: ReadonlyMap<Way, readonly Sample[]>, way: Way): string[] {
  const own = samples.get(way) ?? [];
  const others = rival === undefined || rival === way ? undefined : samples.get(rival);
  const middle = (key: keyof Sample, digits: number): string =>
    fixed(p50(own.map((one) => one[key])), digits);
  const ratio = (key: keyof Sample): string =>
    others === undefined
      ? ''
      : fixed(p50(own.map((one, round) => one[key] / (others[round]?.[key] ?? 0))), 2);
  const figures = [middle('tps', 0), middle('p50', 2), middle('p99', 2), middle('cpuUs', 1)];
  return [title, ...figures, ratio('tps'), ratio('p99'), ratio('cpuUs')];
}
