/**
 * PowerShell scripts as their grammar sees them (tree-sitter-powershell), because PowerShell itself is not to be had
 * where the tests run: syntax errors, functions with their parameters, the commands that are called, variables.
 */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { Language, type Node, Parser } from 'web-tree-sitter';

export interface ScriptFunction {
  readonly name: string;
  readonly parameters: readonly string[];
}

export interface ScriptCommand {
  readonly name: string;
  readonly line: number;
  /** Without the dash. */
  readonly parameters: readonly string[];
  /** Arguments without a parameter before them. */
  readonly positional: number;
}

export interface Script {
  /** `line 3: …`; empty when the script is well-formed. */
  readonly errors: readonly string[];
  /** Parameters of the script itself. */
  readonly parameters: readonly string[];
  readonly functions: readonly ScriptFunction[];
  readonly commands: readonly ScriptCommand[];
  /** Variables that something is assigned to, and those that are read; lower case. */
  readonly assigned: ReadonlySet<string>;
  readonly read: ReadonlyMap<string, number>;
}

let parser: Promise<Parser> | undefined;

async function load(): Promise<Parser> {
  // The optimising compiler takes half a minute over the grammar, and the process waits for it when it ends.
  setFlagsFromString('--liftoff-only');
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    'tree-sitter-powershell/tree-sitter-powershell.wasm',
  );
  const made = new Parser();
  made.setLanguage(await Language.load(grammar));
  return made;
}

export async function readPowerShell(text: string): Promise<Script> {
  parser ??= load();
  const tree = (await parser).parse(text);
  if (tree === null) throw new Error('the parser gave up');
  const root = tree.rootNode;
  const functions = all(root, 'function_statement').map((node) => ({
    name: child(node, 'function_name')?.text ?? '',
    parameters: parametersOf(child(node, 'script_block')),
  }));
  return {
    errors: errorsIn(root),
    parameters: parametersOf(root),
    functions,
    commands: all(root, 'command').flatMap(commandOf),
    assigned: assignedIn(root),
    read: readIn(root),
  };
}

function errorsIn(root: Node): string[] {
  const found: string[] = [];
  const walk = (node: Node) => {
    if (node.isError || node.isMissing) {
      const what = node.isMissing
        ? `missing ${node.type}`
        : `unexpected ${JSON.stringify(node.text.slice(0, 40))}`;
      found.push(`line ${node.startPosition.row + 1}: ${what}`);
    }
    if (node.hasError) for (const inner of node.children) if (inner !== null) walk(inner);
  };
  walk(root);
  return found;
}

/** Of the block's own param(), not of the functions in it. */
function parametersOf(owner: Node | undefined): string[] {
  const block = owner && (child(owner, 'param_block') ?? all(owner, 'param_block', 'function_statement')[0]);
  if (block === undefined) return [];
  return all(block, 'script_parameter').flatMap((parameter) => {
    const variable = child(parameter, 'variable');
    return variable === undefined ? [] : [nameOf(variable)];
  });
}

function commandOf(node: Node): ScriptCommand[] {
  const name = child(node, 'command_name')?.text;
  if (name === undefined) return [];
  const parameters: string[] = [];
  let positional = 0;
  let afterParameter = false;
  for (const element of child(node, 'command_elements')?.namedChildren ?? []) {
    if (element === null || element.type === 'command_argument_sep') continue;
    if (element.type === 'command_parameter') {
      parameters.push(element.text.replace(/^-/, '').replace(/:$/, ''));
      afterParameter = true;
    } else if (element.type !== 'redirection') {
      if (!afterParameter) positional++;
      afterParameter = false;
    }
  }
  return [{ name, line: node.startPosition.row + 1, parameters, positional }];
}

function assignedIn(root: Node): Set<string> {
  const targets = [
    ...all(root, 'assignment_expression'),
    ...all(root, 'foreach_statement'),
    ...all(root, 'script_parameter'),
  ];
  const left = all(root, 'left_assignment_expression').flatMap((node) => all(node, 'variable'));
  const named = targets.flatMap((node) => child(node, 'variable') ?? []);
  return new Set([...left, ...named].map((node) => nameOf(node).toLowerCase()));
}

function readIn(root: Node): Map<string, number> {
  return new Map(
    all(root, 'variable').map((node) => [nameOf(node).toLowerCase(), node.startPosition.row + 1]),
  );
}

/** `x` for `$x`, `${x}` and `@x`; with the drive: `env:x`. */
function nameOf(variable: Node): string {
  return variable.text.replace(/^[$@]\{?/, '').replace(/\}$/, '');
}

function child(node: Node, type: string): Node | undefined {
  return node.namedChildren.find((inner) => inner?.type === type) ?? undefined;
}

/** Every node of a type below; not within nodes of the type `without`. */
function all(node: Node, type: string, without?: string): Node[] {
  const found: Node[] = [];
  for (const inner of node.namedChildren) {
    if (inner === null || inner.type === without) continue;
    if (inner.type === type) found.push(inner);
    found.push(...all(inner, type, without));
  }
  return found;
}
