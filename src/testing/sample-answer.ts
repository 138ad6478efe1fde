/** Answers that fit the contract, made of its schemas. */

export type AnswerSchema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly AnswerSchema[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, AnswerSchema>>;
  readonly required?: readonly string[];
  readonly items?: AnswerSchema;
  readonly minimum?: number;
  readonly format?: string;
};

/** `full`: whatever there can be, one of each. `bare`: null and nothing wherever that may be. */
export type Filling = 'full' | 'bare';

/** Work in an answer is over: who waits for it would wait for ever. */
const PREFERRED = 'done';

export function answerOf(schema: AnswerSchema, filling: Filling): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) {
    return schema.enum.includes(PREFERRED) ? PREFERRED : schema.enum[0];
  }
  if (schema.anyOf !== undefined) return oneOf(schema.anyOf, filling);
  if (schema.properties !== undefined) return objectOf(schema, filling);
  if (schema.type === 'array') {
    return filling === 'bare'
      ? []
      : (schema.examples?.[0] ?? [answerOf(schema.items ?? {}, filling)]);
  }
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return filling === 'full';
    case 'object':
      return {};
    case 'null':
      return null;
    default:
      return schema.format === 'date-time' ? '2031-01-01T00:00:00.000Z' : 'sample';
  }
}

function oneOf(choices: readonly AnswerSchema[], filling: Filling): unknown {
  const none = choices.find(({ type }) => type === 'null');
  if (filling === 'bare' && none !== undefined) return null;
  return answerOf(choices[0] ?? {}, filling);
}

function objectOf({ properties = {}, required = [] }: AnswerSchema, filling: Filling): object {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => filling === 'full' || required.includes(name))
      // A page after which there is always another would never end.
      .map(([name, schema]) => [name, name === 'next' ? null : answerOf(schema, filling)]),
  );
}
