/**
 * The examples of a page of the documentation: fenced blocks of `console` and `ts`, in their order.
 *
 * A comment `<!-- not run: REASON -->` before a block excuses it; one that begins with `<!-- before` has commands that make
 * what the next block speaks of.
 */

export type Command = {
  /** One line of a shell. */
  readonly command: string;
  /** What the page says that it prints; null if it shows nothing. */
  readonly prints: string | null;
};

export type Example = {
  /** Of the page, from 1. */
  readonly line: number;
  /** Why it is not run; null if it is. */
  readonly excuse: string | null;
} & (
  | { readonly kind: 'console'; readonly commands: readonly Command[] }
  | { readonly kind: 'ts'; readonly code: string }
);

const FENCE = /^```(\w*)\s*$/;
const BEFORE = '<!-- before';
const EXCUSE = /^<!-- not run: (.+) -->$/;

export function examplesIn(page: string): readonly Example[] {
  const lines = page.split('\n');
  const examples: Example[] = [];
  for (let at = 0; at < lines.length; at++) {
    const isBefore = lines[at] === BEFORE;
    const language = isBefore ? BEFORE : FENCE.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf(isBefore ? '-->' : '```', at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: this has no end`);
    const body = lines.slice(at + 1, end);
    const place = { line: at + 1, excuse: excuseAbove(lines, at) };
    if (isBefore) examples.push({ ...place, kind: 'console', commands: body.map(silent) });
    if (language === 'ts') examples.push({ ...place, kind: 'ts', code: body.join('\n') });
    if (language === 'console') examples.push({ ...place, kind: 'console', commands: shown(body) });
    at = end;
  }
  return examples;
}

const silent = (command: string): Command => ({ command, prints: null });

/** The last line that says something. */
function excuseAbove(lines: readonly string[], at: number): string | null {
  const above = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? '';
  return EXCUSE.exec(above)?.[1] ?? null;
}

/** A command goes on in the next line after a backslash. */
function shown(body: readonly string[]): readonly Command[] {
  const text = body.join('\n').replaceAll(/\\\n\s*(?:> )?/g, ' ');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...rest] = part.split('\n');
      const prints = rest.join('\n').trim();
      return { command, prints: prints === '' ? null : prints };
    });
}

/** Whether what was printed is what the page shows, but for what differs each time. */
export function isAsShown(printed: string, expected: string): boolean {
  const pattern = alike(expected)
    .split('\n')
    .map((line) => {
      if (/^(?:…|\.\.\.)$/.test(line)) return '(?:.*\n)*?';
      const parts = line
        .split(/…|\.\.\./)
        .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
      return `${parts.join('.*')}\n`;
    });
  return new RegExp(`^${pattern.join('')}$`).test(`${alike(printed)}\n`);
}

/** What differs from run to run, and what stands for it. */
const VARIES: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT'],
  [/\b(tn|cu|key|op|wh|dl|iss|sn|req|ev)_[\w-]+/g, '$1_ID'],
  [/\b(dyb|whsec)_[\w-]+/g, '$1_SECRET'],
  [/(:\/\/[^:@/\s]+):[^@\s]+@/g, '$1:PASSWORD@'],
  [/("password": ?)"[^"]+"/g, '$1"PASSWORD"'],
  [/\bjust now\b|\b\d+(?:\.\d+)? ?(?:ms|s|min|h|d|days?)\b(?: ago)?/g, 'TIME'],
  [/("\w*(?:[mM]s|Us)": ?)[\d.]+/g, '$1TIME'],
  [/(W\/)?"[\w-]{22}"/g, '"TAG"'],
  [/-{2,}/g, '--'],
  [/[ \t]+/g, ' '],
];

const alike = (text: string): string =>
  VARIES.reduce((told, [varies, stands]) => told.replaceAll(varies, stands), text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');

/** Passwords, ids and keys of a page, each as it is in this run. */
export function learn(known: Map<string, string>, printed: string, expected: string): void {
  for (const pattern of [
    /:\/\/[^:@/\s]+:([^@\s]+)@/g,
    /\b((?:tn|cu|key|op|wh|dl|iss|sn|dyb|whsec)_[\w-]+)/g,
  ]) {
    const real = [...printed.matchAll(pattern)].map(([, value]) => value ?? '');
    const shownHere = [...expected.matchAll(pattern)].map(([, value]) => value ?? '');
    for (const [index, value] of shownHere.entries()) {
      const now = real[index];
      if (now !== undefined) known.set(value, now);
    }
  }
}
