/**
 * Values of a statement that came as JSON, in the text form in which PostgreSQL reads them.
 *
 * What PostgreSQL makes of a text is for the statement to say: `{"a":1}` is a document where one is
 * wanted, and a string of text elsewhere. Numbers keep the digits they were sent with.
 */

/** Null is SQL's. */
export type ParameterText = string | null;

/** What a number is replaced with while a request is read: the digits as they came. */
export class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

export function parameterText(value: unknown): ParameterText {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Digits) return value.text;
  return Array.isArray(value) ? arrayText(value) : JSON.stringify(value);
}

/** Source: PostgreSQL docs, "Array Input and Output Syntax". */
function arrayText(values: readonly unknown[]): string {
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(value: unknown): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return arrayText(value);
  if (typeof value === 'string') return quoted(value);
  const text = parameterText(value) ?? 'NULL';
  return typeof value === 'object' && !(value instanceof Digits) ? quoted(text) : text;
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
