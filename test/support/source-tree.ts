/** The source files of the project as the TypeScript compiler reads them: imports and functions. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isStringLiteral,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Import {
  /** Path from the root of the project, such as `src/net/mac.ts`; a package or `node:fs` as it is written. */
  readonly target: string;
  readonly line: number;
  /** `import type`, which leaves no trace in the program. */
  readonly typeOnly: boolean;
}

export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export interface SourceText {
  /** Path from the root of the project. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSize[];
}

/** Every file of tsconfig.json. */
export function readSourceTree(): SourceText[] {
  const api = new API({ cwd: ROOT });
  try {
    const project = api.updateSnapshot({ openProjects: [join(ROOT, 'tsconfig.json')] }).getProjects()[0];
    if (project === undefined) throw new Error('Internal error: tsconfig.json is no project');
    return project.rootFiles.map((file) => {
      const parsed = project.program.getSourceFile(file);
      if (parsed === undefined) throw new Error(`Internal error: ${file} cannot be read`);
      return describe(relative(ROOT, file), parsed);
    });
  } finally {
    api.close();
  }
}

function describe(path: string, file: SourceFile): SourceText {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const lineOf = (position: number) => text.slice(0, position).split('\n').length;
  const imports: Import[] = [];
  const functions: FunctionSize[] = [];
  const visit = (node: Node): undefined => {
    const found = importOf(node);
    if (found !== undefined) {
      const target = found.text.startsWith('.') ? join(dirname(path), found.text) : found.text;
      imports.push({ target, typeOnly: found.typeOnly, line: lineOf(node.getStart(file)) });
    }
    if (FUNCTIONS.includes(node.kind)) {
      const line = lineOf(node.getStart(file));
      functions.push({ name: nameOf(node, file), line, lines: lineOf(node.end) - line + 1 });
    }
    node.forEachChild(visit);
  };
  visit(file);
  return { path, lines: text.split('\n').length - 1, imports, functions };
}

/** `import … from`, `export … from`, `import('…')` and the type of that. */
function importOf(node: Node): { readonly text: string; readonly typeOnly: boolean } | undefined {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    const typeOnly = node.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
    return { text: node.moduleSpecifier.text, typeOnly };
  }
  if (
    isExportDeclaration(node) &&
    node.moduleSpecifier !== undefined &&
    isStringLiteral(node.moduleSpecifier)
  ) {
    return { text: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument) && isStringLiteral(node.argument.literal)) {
    return { text: node.argument.literal.text, typeOnly: true };
  }
  if (!isCallExpression(node) || node.expression.kind !== SyntaxKind.ImportKeyword) return undefined;
  const [argument] = node.arguments;
  return argument !== undefined && isStringLiteral(argument)
    ? { text: argument.text, typeOnly: false }
    : undefined;
}

function nameOf(node: Node, file: SourceFile): string {
  const named = 'name' in node ? (node.name as Node | undefined) : undefined;
  return named?.getText(file) ?? 'function without a name';
}

const FUNCTIONS: readonly SyntaxKind[] = [
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
];
