/** What a source takes from others, in any of TypeScript's spellings. */
import { posix } from 'node:path';
import { nodeIn, nodesIn, type Source, type SyntaxNode, textOf } from './syntax.ts';

export type Import = {
  /** As written: `./relay.ts`, `node:net`, `pg`. */
  readonly from: string;
  /** Path of the source that a relative one means; null for packages. */
  readonly target: string | null;
  /** What is taken, under its exporter's name; `*` for everything. */
  readonly names: readonly string[];
  /** Gone when types are: nothing of it is there when the program runs. */
  readonly typeOnly: boolean;
  readonly start: number;
};

export function importsOf(source: Source): readonly Import[] {
  return source.visits.flatMap(({ node }) => {
    const from = fromOf(node);
    if (from === undefined) return [];
    const target = from.startsWith('.') ? posix.join(posix.dirname(source.path), from) : null;
    return [{ from, target, ...takenBy(node, source), start: node.start }];
  });
}

function fromOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(nodeIn(node, 'source'));
    default:
      return undefined;
  }
}

function takenBy(node: SyntaxNode, source: Source): Pick<Import, 'names' | 'typeOnly'> {
  if (node.type === 'ImportDeclaration' || node.type === 'ExportNamedDeclaration') {
    const taken = nodesIn(node, 'specifiers');
    const allTypes = taken.length > 0 && taken.every((one) => isType(one));
    return {
      names: taken.flatMap((one) => namesOf(one, source)),
      typeOnly: isType(node) || allTypes,
    };
  }
  return { names: ['*'], typeOnly: node.type === 'TSImportType' };
}

const isType = (node: SyntaxNode): boolean =>
  node.importKind === 'type' || node.exportKind === 'type';

function namesOf(specifier: SyntaxNode, source: Source): readonly string[] {
  switch (specifier.type) {
    case 'ImportSpecifier':
      return named(nodeIn(specifier, 'imported'));
    case 'ExportSpecifier':
      return named(nodeIn(specifier, 'local'));
    case 'ImportDefaultSpecifier':
      return ['default'];
    default:
      return membersTaken(source, textOf(nodeIn(specifier, 'local')) ?? '');
  }
}

/** The members that `source` uses of a namespace it imported as `local`. */
function membersTaken(source: Source, local: string): readonly string[] {
  return source.visits.flatMap(({ node }) => {
    if (node.type === 'MemberExpression' && textOf(nodeIn(node, 'object')) === local) {
      return named(nodeIn(node, 'property'));
    }
    if (node.type === 'TSQualifiedName' && textOf(nodeIn(node, 'left')) === local) {
      return named(nodeIn(node, 'right'));
    }
    return [];
  });
}

function named(node: SyntaxNode | undefined): readonly string[] {
  const name = textOf(node);
  return name === undefined ? [] : [name];
}
