/**
 * Evaluates the expressions of Resource Manager templates, as far as ours use them:
 * https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
 */

export interface Scope {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly variables: (name: string) => unknown;
  /** Rounds of the loops that are running, by name. */
  readonly loops: ReadonlyMap<string, number>;
}

/** The value of a string of a template: what is in brackets is evaluated, `[[` stands for a bracket. */
export function evaluate(text: string, scope: Scope): unknown {
  if (text.startsWith('[[')) return text.slice(1);
  if (!text.startsWith('[') || !text.endsWith(']')) return text;
  if (text.length > 24_576) throw new Error(`the expression has ${text.length} characters`);
  const parser = new Parser(text.slice(1, -1), scope);
  return parser.whole();
}

class Parser {
  readonly #code: string;
  readonly #scope: Scope;
  #at = 0;

  constructor(code: string, scope: Scope) {
    this.#code = code;
    this.#scope = scope;
  }

  whole(): unknown {
    const value = this.#value();
    if (this.#at !== this.#code.length) throw this.#error('more than one expression');
    return value;
  }

  #value(): unknown {
    const text = this.#take(/'((?:[^']|'')*)'/y);
    if (text !== undefined) return text[1]?.replaceAll("''", "'");
    const number = this.#take(/-?\d+/y);
    if (number !== undefined) return Number(number[0]);
    const name = this.#take(/[A-Za-z]\w*/y)?.[0];
    if (name === undefined || this.#take(/\(/y) === undefined) throw this.#error('neither value nor call');
    const args: unknown[] = [];
    if (this.#take(/\s*\)/y) === undefined) {
      do args.push(this.#value());
      while (this.#take(/\s*,\s*/y) !== undefined);
      if (this.#take(/\s*\)/y) === undefined) throw this.#error('no closing parenthesis');
    }
    return this.#members(apply(name, args, this.#scope));
  }

  #members(value: unknown): unknown {
    for (;;) {
      const property = this.#take(/\.(\w+)/y)?.[1];
      if (property !== undefined) value = memberOf(value, property);
      else if (this.#take(/\[/y) !== undefined) {
        const index = this.#value();
        if (this.#take(/\]/y) === undefined) throw this.#error('no closing bracket');
        value = memberOf(value, String(index));
      } else return value;
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#code) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #error(what: string): Error {
    return new Error(`${what} at ${this.#at} of [${this.#code}]`);
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
    throw new Error(`there is no "${name}" in ${JSON.stringify(value)?.slice(0, 200)}`);
  }
  return (value as Record<string, unknown>)[name];
}

type Function = (args: readonly unknown[], scope: Scope) => unknown;

const FUNCTIONS: Readonly<Record<string, Function>> = {
  parameters: ([name], { parameters }) => memberOf(parameters, String(name)),
  variables: ([name], { variables }) => variables(String(name)),
  concat: (args) => args.map(textOf).join(''),
  base64: ([text]) => Buffer.from(textOf(text)).toString('base64'),
  string: ([value]) => (typeof value === 'string' ? value : JSON.stringify(value)),
  length: ([value]) => (value as string | unknown[]).length,
  replace: ([text, from, to]) => textOf(text).replaceAll(textOf(from), () => textOf(to)),
  equals: ([a, b]) => a === b,
  if: ([condition, yes, no]) => (condition === true ? yes : no),
  createArray: (args) => args,
  createObject: (args) =>
    Object.fromEntries(Array.from({ length: args.length / 2 }, (_, i) => [args[2 * i], args[2 * i + 1]])),
  copyIndex: ([name, offset = 0], { loops }) => {
    const round = loops.get(String(name));
    if (round === undefined) throw new Error(`copyIndex('${name}') outside of that loop`);
    return round + Number(offset);
  },
  subscription: () => ({ subscriptionId: SUBSCRIPTION, tenantId: '22222222-0000-4000-8000-000000000000' }),
  resourceGroup: () => ({ name: 'group', location: 'westeurope' }),
  resourceId: ([type, ...names]) => idOf(textOf(type), names.map(textOf)),
  reference: ([id]) => ({ dnsSettings: { fqdn: `fqdn of ${id}` } }),
};

const SUBSCRIPTION = '11111111-0000-4000-8000-000000000000';

/** The id of a resource of the group that is deployed to; its names alternate with the parts of its type. */
export function idOf(type: string, names: readonly string[]): string {
  const [provider = '', ...kinds] = type.split('/');
  if (kinds.length !== names.length)
    throw new Error(`${type} has ${kinds.length} parts, but got ${names.length}`);
  const path = kinds.flatMap((kind, index) => [kind, names[index] ?? '']);
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/group/providers/${[provider, ...path].join('/')}`;
}

function apply(name: string, args: readonly unknown[], scope: Scope): unknown {
  const run = FUNCTIONS[name];
  if (run === undefined) throw new Error(`the test does not know the function ${name}()`);
  return run(args, scope);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error(`expected a text, got ${JSON.stringify(value)}`);
}
