/** Examples for the document, made of the schemas: what they name as one, or the first that fits. */
import type { TSchema } from 'typebox';

type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxItems?: number;
};

/** Every field, in the order of the schema. */
export const exampleOf = (schema: TSchema): unknown => made(schema as Schema);

function made(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return made(schema.anyOf[0] ?? {});
  if (schema.default !== undefined) return schema.default;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, part]) => [name, made(part)]),
      );
    case 'array':
      return schema.maxItems === 0 ? [] : [made(schema.items ?? {})];
    case 'integer':
    case 'number':
      return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
    case 'boolean':
      return false;
    case 'string':
      return 'text'.padEnd(schema.minLength ?? 0, 'x');
    default:
      return null;
  }
}

type Content = Record<string, { example?: unknown }>;

export type Described = {
  readonly operationId?: string;
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
};

type Wanted = { readonly body?: TSchema; readonly status: number; readonly answer: TSchema | null };

/** Writes examples into an operation of the document. */
export function addExamples(described: Described, { body, status, answer }: Wanted): void {
  put(described.requestBody?.content, body);
  put(described.responses?.[status]?.content, answer);
}

function put(content: Content | undefined, schema: TSchema | null | undefined): void {
  const json = content?.['application/json'];
  if (json !== undefined && schema) json.example = exampleOf(schema);
}
