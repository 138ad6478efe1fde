/** The editor of SQL: CodeMirror, in the colours of the page. */
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  ifNotIn,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { columnsIn, namespaceOf } from './completions.ts';
import type { SchemaTable } from './schema.ts';
import { type Statement, statementAt } from './statements.ts';

export type EditorHandle = {
  /** What is selected, or the statement under the cursor. */
  chosen(): Statement | undefined;
  replace(text: string): void;
};

export type Mark = { readonly from: number; readonly to: number; readonly says: string };

const setMark = StateEffect.define<Mark | null>();

/** The place of the last error, until something is typed. */
const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setMark)) return decorated(effect.value, transaction.newDoc.length);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorated(mark: Mark | null, length: number): DecorationSet {
  if (mark === null || mark.from >= mark.to || mark.to > length) return Decoration.none;
  const attributes = { title: mark.says };
  return Decoration.set(
    Decoration.mark({ class: 'cm-sql-error', attributes }).range(mark.from, mark.to),
  );
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--tier-persistent)' },
  { tag: tags.typeName, color: 'var(--warn)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--ink-soft)', fontStyle: 'italic' },
]);

/** Tab indents here: who goes by keyboard is told how to leave. */
export const WAY_OUT = 'Escape, then Tab, leaves the editor.';

const looks = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', background: 'var(--surface)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono, ui-monospace, monospace)', lineHeight: '1.55' },
  '.cm-gutters': { background: 'var(--surface)', color: 'var(--ink-soft)', border: 'none' },
  '.cm-activeLine': { background: 'color-mix(in srgb, var(--accent) 5%, transparent)' },
  '.cm-activeLineGutter': { background: 'transparent', color: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-placeholder': { color: 'var(--ink-soft)' },
  '&.cm-focused .cm-matchingBracket': {
    background: 'color-mix(in srgb, var(--accent) 25%, transparent)',
  },
  '.cm-sql-error': {
    textDecoration: 'underline wavy var(--bad)',
    textUnderlineOffset: '3px',
    background: 'color-mix(in srgb, var(--bad) 14%, transparent)',
  },
  '.cm-tooltip': {
    background: 'var(--raised)',
    border: '1px solid var(--line)',
    borderRadius: '6px',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--accent)',
    color: 'var(--accent-ink)',
  },
});

const language = (tables: readonly SchemaTable[]) => [
  sql({
    ...{ dialect: PostgreSQL, schema: namespaceOf(tables), defaultSchema: 'public' },
    upperCaseKeywords: false,
  }),
  PostgreSQL.language.data.of({
    autocomplete: ifNotIn(
      ['QuotedIdentifier', 'String', 'LineComment', 'BlockComment', '.'],
      (context: CompletionContext) => columnsAt(context, tables),
    ),
  }),
];

/** Where a name begins that no dot leads to. */
function columnsAt(context: CompletionContext, tables: readonly SchemaTable[]) {
  const word = context.matchBefore(/[\w$]+/);
  const from = word?.from ?? context.pos;
  if (word === null && !context.explicit) return null;
  if (context.state.sliceDoc(from - 1, from) === '.') return null;
  const statement = statementAt(context.state.doc.toString(), context.pos)?.text ?? '';
  return { from, options: [...columnsIn(statement, tables)], validFor: /^[\w$]*$/ };
}

type EditorProps = {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onRun: () => void;
  /** What there is to be named. */
  readonly tables: readonly SchemaTable[];
  readonly mark: Mark | null;
  readonly handle: Ref<EditorHandle>;
};

export function Editor({ value, onChange, onRun, tables, mark, handle }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const dialect = useRef(new Compartment());
  const calls = useRef({ onChange, onRun });
  calls.current = { onChange, onRun };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it begins with; later texts come by the handle
  useEffect(() => {
    if (place.current === null) return;
    view.current = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          ...standing((text) => calls.current.onChange(text)),
          running(() => calls.current.onRun()),
          dialect.current.of(language(tables)),
        ],
      }),
    });
    return () => view.current?.destroy();
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: dialect.current.reconfigure(language(tables)) });
  }, [tables]);
  useEffect(() => {
    view.current?.dispatch({ effects: setMark.of(mark) });
  }, [mark]);
  useImperativeHandle(handle, () => ({
    chosen: () => view.current?.state && chosenIn(view.current.state),
    replace: (insert) => {
      const length = view.current?.state.doc.length ?? 0;
      view.current?.dispatch({ changes: { from: 0, to: length, insert } });
      view.current?.focus();
    },
  }));
  return <div ref={place} className="h-full min-h-0" />;
}

function standing(onChange: (text: string) => void) {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  return [
    ...(nonce === '' ? [] : [EditorView.cspNonce.of(nonce)]),
    ...[lineNumbers(), history(), bracketMatching(), closeBrackets()],
    ...[autocompletion({ icons: false })],
    ...[highlightActiveLine(), EditorView.lineWrapping, looks, syntaxHighlighting(colours)],
    ...[markField, placeholder('select …')],
    EditorView.contentAttributes.of({ 'aria-label': 'SQL', 'aria-description': WAY_OUT }),
    keymap.of([
      { key: 'Tab', run: acceptCompletion },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...completionKeymap,
      // Whoever goes by keyboard leaves with Escape, then Tab: CodeMirror's own way out.
      indentWithTab,
    ]),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) onChange(state.doc.toString());
    }),
  ];
}

/** Before all others: Ctrl+Enter would begin a line. */
const running = (run: () => void) =>
  Prec.highest(
    keymap.of([
      {
        key: 'Mod-Enter',
        run: () => {
          run();
          return true;
        },
      },
    ]),
  );

function chosenIn(state: EditorState): Statement | undefined {
  const { from, to, head } = state.selection.main;
  if (from === to) return statementAt(state.doc.toString(), head);
  return { from, to, text: state.sliceDoc(from, to) };
}
