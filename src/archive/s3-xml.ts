/**
 * The XML that S3 speaks: elements and text. No attribute means anything in it; a document type, CDATA
 * or anything else is refused, and so is what is not closed.
 */

export type Element = {
  readonly name: string;
  /** What it holds directly, entities resolved. */
  readonly text: string;
  readonly children: readonly Element[];
};

type Open = { readonly name: string; text: string; readonly children: Element[] };

/** Deeper than any answer of S3. */
const DEPTH_MAX = 32;

const TOKEN =
  /<\?[^<>]*\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function resolved(text: string): string {
  return text.replace(/&([^;&\s]{0,12});?/g, (whole, name: string) => {
    const named = ENTITIES[name];
    if (named !== undefined && whole.endsWith(';')) return named;
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point = digits?.[1] ? Number.parseInt(digits[1], 16) : Number(digits?.[2] ?? Number.NaN);
    if (!whole.endsWith(';') || !(point <= 0x10ffff)) throw new Error(`XML: bad entity "${whole}"`);
    return String.fromCodePoint(point);
  });
}

/** The root element. Throws a plain error for what is not such a document. */
export function parseXml(document: string): Element {
  const root: Open = { name: '', text: '', children: [] };
  const stack = [root];
  TOKEN.lastIndex = 0;
  const text = document.replace(/^\uFEFF/, '');
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text);
    if (!token) throw new Error(`XML: cannot read what is at ${at}`);
    take(token, stack);
  }
  const [only, ...more] = root.children;
  if (stack.length !== 1 || !only || more.length > 0 || root.text.trim() !== '') {
    throw new Error('XML: not one whole element');
  }
  return only;
}

function take(token: RegExpExecArray, stack: Open[]): void {
  const [, slash, name, , closed, text] = token;
  const inner = stack.at(-1);
  if (!inner) throw new Error('XML: closed too often');
  if (text !== undefined) {
    inner.text += resolved(text);
  } else if (slash === '/') {
    if (inner.name !== name || stack.length === 1) throw new Error(`XML: "${name}" was not open`);
    stack.pop();
  } else if (name !== undefined) {
    const element: Open = { name, text: '', children: [] };
    inner.children.push(element);
    if (closed !== '/') stack.push(element);
    if (stack.length > DEPTH_MAX) throw new Error('XML: too deep');
  }
}

export const childrenOf = ({ children }: Element, name: string): readonly Element[] =>
  children.filter((child) => child.name === name);

/** The text of the first child of that name; undefined without one. */
export const textIn = (element: Element, name: string): string | undefined =>
  childrenOf(element, name)[0]?.text;

/** By names: some servers know no numbers. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&${NAMES.get(letter)};`);

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ENTITIES).map(([name, letter]) => [letter, name]),
);
