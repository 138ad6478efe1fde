/**
 * What a client does, drawn by chance: each step is the bytes that it writes and how it waits.
 *
 * The ReadyForQuery messages that a step brings are known before it is taken, so that no answer is
 * left over for the next step, and a missing one is noticed.
 */
import * as request from '../requests.ts';
import type { Chance } from './chance.ts';
import { drawStatement } from './statements.ts';

export type Step = {
  /** For people: what is asked. */
  readonly says: string;
  /** Which session takes it. */
  readonly session: number;
  /** In this order. */
  readonly writes: readonly Write[];
  /** How many ReadyForQuery it brings; `marked` if only the error that ends it tells the last. */
  readonly readies: number | 'marked';
  /** Ask for a cancel when the last write is out: at once for an idle session. */
  readonly cancel?: 'idle' | 'when begun';
};

type Write = {
  readonly bytes: Buffer;
  /** Cut here and there, and sent apart. */
  readonly cuts?: readonly number[];
};

/** A statement that says when it has begun. It ends by a cancel alone. */
const UNTIL_CANCELLED = `do $$ begin raise warning 'begun'; perform pg_sleep(60); end $$`;

/** A statement that nobody has made: to describe it brings an error that is like no other. */
export const MARKER = 'end of the step';

/** OID of `int4pl(integer, integer)` and of `int4div`. Source: pg_proc.dat. */
const INT4PL = 177;
const INT4DIV = 154;

const INT4 = 23;

type Draft = Omit<Step, 'session'>;

const plain = (says: string, bytes: readonly Buffer[], readies: Step['readies']): Draft => ({
  says,
  writes: [{ bytes: Buffer.concat(bytes) }],
  readies,
});

function simple(chance: Chance): Draft {
  const sql = drawStatement(chance);
  return plain(`Q ${sql}`, [request.query(sql)], 1);
}

/** Several statements in one query: one implicit transaction. */
function script(chance: Chance): Draft {
  const sql = chance.some(2, 4, () => drawStatement(chance)).join('; ');
  return plain(`Q ${sql}`, [request.query(sql)], 1);
}

/** Many queries in one write. */
function burst(chance: Chance): Draft {
  const sqls = chance.some(2, 6, () => drawStatement(chance));
  return plain(`burst ${sqls.join(' | ')}`, sqls.map(request.query), sqls.length);
}

type Part = { readonly says: string; readonly bytes: readonly Buffer[] };

const STATEMENT_NAMES = ['', '', 's1', 's2', 'q1'];
const PORTAL_NAMES = ['', '', 'p1'];

/** A statement from Parse to Execute, on unnamed objects or not. */
function whole(chance: Chance): Part {
  const sql = drawStatement(chance);
  const statement = chance.one(STATEMENT_NAMES);
  const portal = chance.one(PORTAL_NAMES);
  return {
    says: `P(${statement}) B(${portal}) E ${sql}`,
    bytes: [
      ...(statement !== '' && chance.once(2) ? [request.close('S', statement)] : []),
      request.parse(sql, statement),
      ...(chance.once(2) ? [request.describe('S', statement)] : []),
      request.bind({ statement, portal }),
      ...(chance.once(2) ? [request.describe('P', portal)] : []),
      request.execute(portal),
    ],
  };
}

/** One message of the extended protocol, where it fits and where not. */
function single(chance: Chance): Part {
  const statement = chance.one(STATEMENT_NAMES);
  const portal = chance.one(PORTAL_NAMES);
  const values = chance.one([[], ['7'], ['7', 'x'], [null]]);
  const rowsMax = chance.one([0, 0, 1, 2]);
  const sql = chance.one([
    'select $1::int + 1 as n',
    'select generate_series(1, 5)',
    'select id, body from kept where id = $1',
    'insert into kept values ($1, $2) on conflict do nothing',
    'commit',
    drawStatement(chance),
  ]);
  const resultFormat = chance.one([null, 0, 1] as const);
  return chance.one<Part>([
    { says: `P(${statement}) ${sql}`, bytes: [request.parse(sql, statement)] },
    { says: `P(${statement}) typed`, bytes: [request.parse('select $1', statement, [INT4])] },
    {
      says: `B(${portal},${statement},[${values}],${resultFormat})`,
      bytes: [
        request.bind({
          ...{ statement, portal, values },
          ...(resultFormat === null ? {} : { resultFormat }),
        }),
      ],
    },
    { says: `D S(${statement})`, bytes: [request.describe('S', statement)] },
    { says: `D P(${portal})`, bytes: [request.describe('P', portal)] },
    { says: `E(${portal},${rowsMax})`, bytes: [request.execute(portal, rowsMax)] },
    { says: `C S(${statement})`, bytes: [request.close('S', statement)] },
    { says: `C P(${portal})`, bytes: [request.close('P', portal)] },
    { says: 'H', bytes: [request.flush()] },
  ]);
}

/** Extended messages with Sync at the end, and here and there before it. */
function extended(chance: Chance): Draft {
  const parts = chance.some(1, 5, () => (chance.once(2) ? whole(chance) : single(chance)));
  let readies = 1;
  const bytes = parts.flatMap((part) => {
    if (!chance.once(4)) return part.bytes;
    readies++;
    return [...part.bytes, request.sync()];
  });
  const says = `${parts.map((part) => part.says).join(', ')}, ${readies} S`;
  return plain(says, [...bytes, request.sync()], readies);
}

/** Parse in one step, Bind and Execute in the next: the unnamed statement lives in between. */
const parseAlone = (chance: Chance): Draft => {
  const sql = chance.one(['select $1::int * 2 as twice', drawStatement(chance)]);
  return plain(`P() ${sql}`, [request.parse(sql), request.sync()], 1);
};

function bindAlone(chance: Chance): Draft {
  const values = chance.one([[], ['21']]);
  return plain(
    `B([${values}]) D E`,
    [request.bind({ values }), request.describe('P'), request.execute(), request.sync()],
    1,
  );
}

/**
 * A query in the middle of extended messages that no Sync has ended. It is skipped if one of them
 * has failed, so that it cannot be known how often the server will be ready.
 */
function mixed(chance: Chance): Draft {
  const sql = drawStatement(chance);
  const { says, bytes } = whole(chance);
  const end = [request.sync(), request.describe('S', MARKER), request.sync()];
  return plain(`${says}, Q ${sql}, S`, [...bytes, request.query(sql), ...end], 'marked');
}

const COPY_LINES = ['7\tseven\n', '8\teight\n', '1\tagain\n', 'x\tno number\n', '9\n', '\\.\n'];

function copyIn(chance: Chance): Draft {
  const lines = chance.some(0, 4, () => chance.one(COPY_LINES));
  const sql = chance.one(['copy kept from stdin', 'copy public.kept (id, body) from stdin']);
  const end = chance.once(4) ? request.copyFail('enough') : request.copyDone();
  const data = [...lines.map(request.copyData), end];
  const says = `${sql}: ${JSON.stringify(lines)}`;
  if (chance.once(2)) return plain(`Q ${says}`, [request.query(sql), ...data], 1);
  // Under a name that no other step executes: a Sync during COPY is ignored.
  const statement = 'copying';
  const head = [
    request.close('S', statement),
    request.parse(sql, statement),
    request.bind({ statement }),
    request.execute(),
  ];
  return plain(`E ${says}`, [...head, ...data, request.sync()], 1);
}

const copyOut = (chance: Chance): Draft => {
  const sql = chance.one([
    'copy kept to stdout',
    `copy (select g, repeat('z', 100) from generate_series(1, 400) g) to stdout (format csv)`,
    'copy (select 1/(3-g) from generate_series(1, 5) g) to stdout',
    'copy kept to stdout (format binary)',
  ]);
  return plain(`Q ${sql}`, [request.query(sql)], 1);
};

const called = (chance: Chance): Draft => {
  const [oid, values] = chance.one<readonly [number, (string | null)[]]>([
    [INT4PL, ['20', '22']],
    [INT4DIV, ['1', '0']],
    [INT4PL, ['1', null]],
    [1, []],
  ]);
  return plain(`F ${oid}(${values})`, [request.functionCall(oid, values)], 1);
};

const cancelled = (chance: Chance): Draft =>
  chance.once(3)
    ? { says: 'cancel of nothing', writes: [], readies: 0, cancel: 'idle' }
    : {
        ...plain('cancel of a sleep', [request.query(UNTIL_CANCELLED)], 1),
        cancel: 'when begun',
      };

const DRAFTS: readonly ((chance: Chance) => Draft)[] = [
  ...[simple, simple, simple, simple, simple, simple, script, script, burst],
  ...[extended, extended, extended, parseAlone, bindAlone, bindAlone],
  ...[mixed, copyIn, copyOut, called],
];

function drawStep(chance: Chance, sessions: number): Step {
  const draft = chance.once(30) ? cancelled(chance) : chance.one(DRAFTS)(chance);
  const session = chance.below(sessions);
  if (!chance.once(5)) return { ...draft, session };
  const writes = draft.writes.map(({ bytes }) => {
    const cuts = chance.some(1, 3, () => chance.below(bytes.length)).toSorted((a, b) => a - b);
    return { bytes, cuts };
  });
  return { ...draft, session, writes };
}

export const drawSteps = (chance: Chance, length: number, sessions: number): readonly Step[] =>
  chance.some(length, length, () => drawStep(chance, sessions));
