/**
 * When each tenant of a fleet was busy: what a simulation runs on.
 *
 * A trace is a text. Its first line is `#` and a JSON object that describes it, each other line one
 * tenant: `id`, a tab, and tokens `<seconds since the previous token>[x<count>][+<seconds busy>]`, of which
 * the first counts from second 0. Times inside are seconds of the trace.
 */
import { fault } from '../domain/faults.ts';

export type TraceTenant = {
  readonly id: string;
  /** When its busy times begin and end, in order; they do not touch. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** How many requests fell into each. */
  readonly requests: Uint32Array;
};

export type Trace = {
  readonly name: string;
  readonly tenants: readonly TraceTenant[];
  /** How long the trace is. */
  readonly span: number;
  /** What happens before this is learned from, and not scored. */
  readonly warmup: number;
  /** Unix time of second 0; 0 if the trace does not say. */
  readonly epoch: number;
  /** How exactly its times are known. */
  readonly step: number;
};

export type TraceOptions = {
  /** Named so where the header gives no name. */
  readonly name: string;
  /** Takes every so many-th tenant. */
  readonly sample?: number;
  /** Seconds; a third of the trace by default. */
  readonly warmup?: number | undefined;
  /** How long an event of no given length keeps its tenant busy; by default the step of the trace. */
  readonly busy?: number | undefined;
};

type Header = {
  readonly name: string;
  readonly span: number | null;
  readonly epoch: number;
  readonly step: number;
};

/** As a part of the trace. */
const WARMUP_DEFAULT = 1 / 3;

/** Reads a trace. Throws `BAD_REQUEST` with the number of the line that is no part of one. */
export function parseTrace(text: string, options: TraceOptions): Trace {
  const lines = text.split('\n');
  const first = lines[0] ?? '';
  const hasHeader = first.startsWith('#');
  const header = hasHeader ? parseHeader(first.slice(1), options.name) : headless(options.name);
  const busy = options.busy ?? header.step;
  const sample = options.sample ?? 1;
  const tenants: TraceTenant[] = [];
  for (let i = hasHeader ? 1 : 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').trimEnd();
    const ordinal = hasHeader ? i : i + 1;
    if (line === '' || ordinal % sample !== 0) continue;
    tenants.push(parseTenant(line, i + 1, busy));
  }
  if (tenants.length === 0) throw bad('there is no tenant in this trace');
  const span = header.span ?? lastEnd(tenants);
  const warmup = options.warmup ?? span * WARMUP_DEFAULT;
  if (warmup >= span) throw bad('the warm-up is as long as the trace: nothing would be scored');
  return { name: header.name, tenants, span, warmup, epoch: header.epoch, step: header.step };
}

/** Collects the busy times of one tenant, those that touch as one. */
export class BusyTimes {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #requests: number[] = [];

  get count(): number {
    return this.#starts.length;
  }

  /** To be called in order of `from`. */
  add(from: number, to: number, requests: number): void {
    const last = this.#ends.length - 1;
    const end = this.#ends[last];
    if (end === undefined || from > end) {
      this.#starts.push(from);
      this.#ends.push(to);
      this.#requests.push(requests);
      return;
    }
    if (to > end) this.#ends[last] = to;
    this.#requests[last] = (this.#requests[last] ?? 0) + requests;
  }

  of(id: string): TraceTenant {
    return {
      id,
      starts: Float64Array.from(this.#starts),
      ends: Float64Array.from(this.#ends),
      requests: Uint32Array.from(this.#requests),
    };
  }
}

const TOKEN = /^(\d+(?:\.\d+)?)(?:x(\d+))?(?:\+(\d+(?:\.\d+)?))?$/;

function parseTenant(line: string, number: number, busy: number): TraceTenant {
  const tab = line.indexOf('\t');
  if (tab < 1) throw bad(`line ${number} is no tenant: an id, a tab and times are wanted`);
  const times = new BusyTimes();
  let at = 0;
  for (const token of line.slice(tab + 1).split(' ')) {
    const [, since, count, lasts] = TOKEN.exec(token) ?? [];
    if (since === undefined) {
      throw bad(`line ${number}: "${token.slice(0, 40)}" is not <seconds>[x<count>][+<seconds>]`);
    }
    at += Number(since);
    const length = Math.max(lasts === undefined ? 0 : Number(lasts), busy);
    times.add(at, at + length, count === undefined ? 1 : Number(count));
  }
  return times.of(line.slice(0, tab));
}

function parseHeader(text: string, name: string): Header {
  const read = readJson(text);
  if (typeof read !== 'object' || read === null) {
    throw bad('line 1 is no header: # and a JSON object are wanted');
  }
  const fields = new Map<string, unknown>(Object.entries(read));
  const number = (key: string): number | null => {
    const value = fields.get(key);
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw bad(`line 1: ${key} is not a number of at least 0`);
  };
  const given = fields.get('name');
  const unit = fields.get('unit');
  const span = number('span_s');
  if (span === 0) throw bad('line 1: span_s is 0: the trace is empty');
  return {
    name: typeof given === 'string' && given !== '' ? given : name,
    span,
    epoch: number('epoch') ?? 0,
    step: number('step_s') ?? stepOf(typeof unit === 'string' ? unit : ''),
  };
}

const headless = (name: string): Header => ({ name, span: null, epoch: 0, step: 1 });

const STEPS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** In seconds: a unit such as `s (minute bins)` or `s (5 minute bins)` tells the bins' length. */
function stepOf(unit: string): number {
  const [, many = '1', what = ''] = /(\d+)?[ -]*(second|minute|hour|day)s?\b/.exec(unit) ?? [];
  return Number(many) * (STEPS[what] ?? 1);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const lastEnd = (tenants: readonly TraceTenant[]): number =>
  tenants.reduce((latest, { ends }) => Math.max(latest, ends.at(-1) ?? 0), 0);

const bad = (why: string): Error => fault('BAD_REQUEST', { why });
