/** Checks requests against the contract's own schemas, and says in a sentence what is wrong. */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { type Fault, fault } from '../domain/faults.ts';

/** Enough for every member of a union; the eight that are usual end within the first. */
Settings.Set({ maxErrors: 64 });

export type RequestPart = 'body' | 'querystring' | 'params' | 'headers';

type Finding = {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: object;
  readonly message: string;
};

/**
 * A function that returns `value` checked, or throws `BAD_REQUEST`.
 *
 * What comes as text (all but the body) is converted first: `limit=5` is a number there.
 */
export function checker(schema: TSchema, part: RequestPart): (value: unknown) => unknown {
  // By the first who asks: to compile all routes would cost every start a tenth of its time.
  let compiled: Validator | undefined;
  return (value) => {
    compiled ??= Compile(schema);
    const read = part === 'body' ? (value ?? nothingSaid(compiled)) : Value.Convert(schema, value);
    if (!compiled.Check(read))
      throw badRequest(withExamples(compiled.Errors(read), schema), part, read);
    if (isText(read)) return read;
    throw fault('BAD_REQUEST', {
      why: `${PLACE[part]} holds a character that is none of any text`,
    });
  };
}

/** A pattern says little to people: beside it is put what its schema has for an example. */
const withExamples = (findings: readonly Finding[], schema: TSchema): readonly Finding[] =>
  findings.map((finding) => {
    if (finding.keyword !== 'pattern') return finding;
    let place: unknown = schema;
    for (const step of finding.schemaPath.split('/').slice(1)) place = Object(place)[step];
    const [example] = Object(place).examples ?? [];
    return { ...finding, params: { ...finding.params, example } };
  });

/** Where nothing must be said, saying nothing is the same as an empty object. */
const nothingSaid = (compiled: Validator): object | undefined =>
  compiled.Check({}) ? {} : undefined;

/**
 * Whether all texts in `value`, names of fields too, are such that PostgreSQL can hold them: without the character
 * of code 0, and without halves of characters. No recursion: how deep it goes is the client's choice.
 */
function isText(value: unknown): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part === 'string') {
      if (part.includes('\0') || !part.isWellFormed()) return false;
    } else if (typeof part === 'object' && part !== null) {
      for (const [name, inner] of Object.entries(part)) left.push(name, inner);
    }
  }
  return true;
}

const PLACE: Readonly<Record<RequestPart, string>> = {
  body: 'the body',
  querystring: 'the query',
  params: 'the path',
  headers: 'the headers',
};

function badRequest(findings: readonly Finding[], part: RequestPart, value: unknown): Fault {
  if (part === 'body' && (value === undefined || value === null)) {
    return fault('BAD_REQUEST', { why: 'a JSON body is needed' });
  }
  return fault('BAD_REQUEST', { why: sentence(findings, PLACE[part]) });
}

function sentence(all: readonly Finding[], place: string): string {
  const findings = ofWhatWasMeant(all);
  const unknown = findings.find((f) => f.keyword === 'additionalProperties');
  if (unknown) {
    return `${place} has a field that is not known: ${quoted(unknown, 'additionalProperties')}`;
  }
  const missing = findings.find((f) => f.keyword === 'required');
  if (missing) return `${place} lacks the field ${quoted(missing, 'requiredProperties')}`;
  const [first] = findings;
  if (first === undefined) return `${place} is not as expected`;
  const path = first.instancePath;
  const choices = findings.filter((f) => f.instancePath === path && f.keyword !== 'anyOf');
  const tags = choices.filter(isTag).flatMap(({ params }) => valuesOf(params, 'allowedValues'));
  if (tags.length > 1) return `${fieldOf(path)} in ${place} must be one of ${tags.join(', ')}`;
  const rule = [...new Set(choices.map(ruleOf))].join(' or ').replaceAll(' or be ', ' or ');
  return path === '' ? `${place} must ${rule}` : `${fieldOf(path)} in ${place} must ${rule}`;
}

/**
 * Of a union whose members each have a value of their own in one field, such as `kind`: what is wrong by the member that this field names;
 * if it names none, that alone.
 */
function ofWhatWasMeant(findings: readonly Finding[]): readonly Finding[] {
  const others = new Set(findings.filter(isTag).map(memberOf));
  if (others.size === 0) return findings;
  const meant = findings.filter((f) => f.keyword !== 'anyOf' && !others.has(memberOf(f)));
  return meant.length > 0 ? meant : findings.filter(isTag);
}

const isTag = (finding: Finding): boolean =>
  finding.keyword === 'enum' &&
  memberOf(finding) !== '' &&
  valuesOf(finding.params, 'allowedValues').length === 1;

/** The place in the schema of the member of a union that it is about; nothing if that is none. */
const memberOf = ({ schemaPath }: Finding): string => /^.*\/anyOf\/\d+/.exec(schemaPath)?.[0] ?? '';

function ruleOf({ keyword, params, message }: Finding): string {
  switch (keyword) {
    case 'enum':
      return `be one of ${listed(params, 'allowedValues')}`;
    case 'type':
      return `be ${TYPE_WORDS[soleValue(params, 'type')] ?? soleValue(params, 'type')}`;
    case 'minimum':
      return `be at least ${soleValue(params, 'limit')}`;
    case 'maximum':
      return `be at most ${soleValue(params, 'limit')}`;
    case 'minLength':
      return `have at least ${soleValue(params, 'limit')} characters`;
    case 'maxLength':
      return `have at most ${soleValue(params, 'limit')} characters`;
    case 'minProperties':
      return 'have at least one field';
    case 'pattern':
      return `be of a form like ${soleValue(params, 'example')}`;
    case 'format':
      return 'be a time like 2026-05-04T09:30:00Z';
    default:
      return message.replace(/^must /, '');
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  null: 'null',
  string: 'text',
  object: 'a JSON object',
  boolean: 'true or false',
};

/** `/a/b` as `a.b`. */
const fieldOf = (path: string): string => `"${path.slice(1).replaceAll('/', '.')}"`;

function quoted({ params, instancePath }: Finding, name: string): string {
  return valuesOf(params, name)
    .map((field) => fieldOf(`${instancePath}/${field}`))
    .join(', ');
}

const listed = (params: object, name: string): string => valuesOf(params, name).join(', ');

function valuesOf(params: object, name: string): readonly string[] {
  const found: unknown = Object.entries(params).find(([key]) => key === name)?.[1];
  return Array.isArray(found) ? found.map(String) : [];
}

const soleValue = (params: object, name: string): string =>
  String(Object.entries(params).find(([key]) => key === name)?.[1]);
