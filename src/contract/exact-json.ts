/** JSON that keeps every digit of its numbers, which JavaScript's own reading does not. */

/** A number of which a JavaScript number would lose a digit; some more match. One within a text does no harm. */
const MAY_LOSE = /(?:^|[:,[\s])(?:-0(?![\d.])|-?(?:\d[\d.]{15}|[\d.]+[eE]|\d+\.\d*0(?!\d)))/;

type ReviverContext = { readonly source?: string };

/** Part of the language since ES2026; TypeScript, and older browsers, do not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };

/**
 * What `text` says, to be written as JSON again: a number that JavaScript cannot hold is an object that `JSON.stringify`
 * writes as it stood. One that is nested thousands deep stays text.
 */
export function exactJson(text: string): unknown {
  if (rawJSON === undefined || !MAY_LOSE.test(text)) return JSON.parse(text);
  const keep = (_key: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
      ? rawJSON(context.source)
      : value;
  try {
    return JSON.parse(text, keep);
  } catch (error) {
    if (error instanceof RangeError) return text;
    throw error;
  }
}
