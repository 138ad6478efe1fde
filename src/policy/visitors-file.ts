/**
 * The rules of visitors in a policy file:
 *
 *   "visitors": [ { "applicationName": "our-checker*", "class": "monitor" },
 *                 { "address": "10.1.0.0/16", "role": "metrics", "class": "poller", "wakes": true } ]
 *
 * They stand before the defaults, so that each of these can be overruled; `{ "class": "person" }` as the last
 * one overrules them all. What `wakes`, `keeps` and `answered` do not say follows from the class.
 */
import { fault } from '../domain/faults.ts';
import {
  RHYTHMS,
  VISITOR_CLASSES,
  type VisitorMatch,
  type VisitorRule,
} from '../domain/visitors.ts';
import { DEFAULT_VISITOR_RULES, dutiesOf } from './visitors.ts';
import { networkFlaw } from './visitors-address.ts';

const RULES_MAX = 200;
const TEXT_MAX = 128;

const TEXTS = ['role', 'applicationName'] as const;
const DUTIES = ['wakes', 'keeps', 'answered'] as const;
const FIELDS: readonly string[] = ['class', 'address', 'rhythm', ...TEXTS, ...DUTIES];

type Fields = Readonly<Record<string, unknown>>;

/** The rules that `value` gives, with the defaults behind them. Throws `BAD_POLICY`, which names the field. */
export function parseVisitors(value: unknown, path = 'visitors'): readonly VisitorRule[] {
  if (!Array.isArray(value)) throw bad(path, 'must be a list');
  if (value.length > RULES_MAX) throw bad(path, `must have at most ${RULES_MAX} rules`);
  const rules = value.map((rule, at) => ruleOf(rule, `${path}[${at}]`));
  return [...rules, ...DEFAULT_VISITOR_RULES];
}

function ruleOf(value: unknown, path: string): VisitorRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(path, 'must be an object');
  }
  const fields: Fields = Object.fromEntries(Object.entries(value));
  const strange = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (strange !== undefined) {
    throw bad(path, `has no field "${strange.slice(0, 60)}"; it has ${FIELDS.join(', ')}`);
  }
  const visitor = oneOf(VISITOR_CLASSES, fields.class, `${path}.class`);
  const said = DUTIES.filter((duty) => fields[duty] !== undefined).map((duty) => {
    if (typeof fields[duty] === 'boolean') return [duty, fields[duty]];
    throw bad(`${path}.${duty}`, 'must be true or false');
  });
  const match = matchOf(fields, path);
  return { match, class: visitor, ...dutiesOf(visitor), ...Object.fromEntries(said) };
}

function matchOf(fields: Fields, path: string): VisitorMatch {
  const { address, rhythm } = fields;
  const texts = TEXTS.filter((name) => fields[name] !== undefined).map((name) => {
    const text = fields[name];
    if (typeof text === 'string' && text.length <= TEXT_MAX) return [name, text];
    throw bad(`${path}.${name}`, `must be a text of at most ${TEXT_MAX} characters`);
  });
  if (address !== undefined) {
    const flaw = typeof address === 'string' ? networkFlaw(address) : 'must be a text';
    if (flaw !== null) throw bad(`${path}.address`, flaw);
  }
  return {
    ...Object.fromEntries(texts),
    ...(typeof address === 'string' && { address }),
    ...(rhythm !== undefined && { rhythm: oneOf(RHYTHMS, rhythm, `${path}.rhythm`) }),
  };
}

function oneOf<T extends string>(known: readonly T[], value: unknown, path: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw bad(path, `must be one of ${known.join(', ')}`);
  return found;
}

const bad = (path: string, why: string): Error => fault('BAD_POLICY', { why: `${path} ${why}` });
