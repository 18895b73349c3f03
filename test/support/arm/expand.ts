/** Does with a template what Resource Manager does before it calls the providers: loops and expressions. */
import { evaluate, idOf, type Scope } from './expression.ts';

export interface ArmTemplate {
  readonly parameters: Readonly<Record<string, { readonly type: string; readonly defaultValue?: unknown }>>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly resources: readonly ArmResource[];
  readonly outputs: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
}

interface ArmResource {
  readonly type: string;
  readonly name: string;
  readonly copy?: { readonly name: string; readonly count: number };
  readonly dependsOn?: readonly string[];
  readonly [key: string]: unknown;
}

/** A resource as a provider gets it. */
export interface ExpandedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  /** Ids; a loop stands for all its rounds. */
  readonly dependsOn: readonly string[];
  readonly properties: Properties;
  readonly [key: string]: unknown;
}

/** Deliberately loose: tests read what the schemas have checked. */
// biome-ignore lint/suspicious/noExplicitAny: the JSON of some twenty kinds of resources
export type Properties = any;

export interface Expanded {
  readonly resources: readonly ExpandedResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** `given` are the values of parameters; those that are left out have to have a default. */
export function expand(template: ArmTemplate, given: Readonly<Record<string, unknown>>): Expanded {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(template.parameters, name));
  if (unknown.length > 0) throw new Error(`the template has no parameters ${unknown.join(', ')}`);
  const parameters: Record<string, unknown> = {};
  const scope: Scope = {
    parameters,
    variables: (name) => {
      if (!Object.hasOwn(template.variables, name)) throw new Error(`there is no variable ${name}`);
      return resolved(template.variables[name], scope);
    },
    loops: new Map(),
  };
  for (const [name, { defaultValue }] of Object.entries(template.parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : resolved(defaultValue, scope);
    if (value === undefined) throw new Error(`the parameter ${name} has no value`);
    parameters[name] = value;
  }
  const rounds = template.resources.flatMap((resource) => roundsOf(resource, scope));
  const ofLoop = (name: string) =>
    rounds.filter(({ loop }) => loop === name).map((round) => round.resource.id);
  const resources = rounds.map(({ resource }) => ({
    ...resource,
    dependsOn: resource.dependsOn.flatMap((name) => (ofLoop(name).length > 0 ? ofLoop(name) : [name])),
  }));
  return { resources, outputs: resolved(template.outputs, scope) as Record<string, unknown> };
}

interface Round {
  readonly loop: string | undefined;
  readonly resource: ExpandedResource;
}

function roundsOf({ copy, ...rest }: ArmResource, scope: Scope): Round[] {
  if (copy === undefined) return [{ loop: undefined, resource: resourceOf(rest, scope) }];
  return Array.from({ length: copy.count }, (_, round) => {
    const inner = { ...scope, loops: new Map([...scope.loops, [copy.name, round]]) };
    return { loop: copy.name, resource: resourceOf(rest, inner) };
  });
}

function resourceOf(resource: object, scope: Scope): ExpandedResource {
  const value = resolved(resource, scope) as ExpandedResource;
  return {
    ...value,
    id: idOf(value.type, value.name.split('/')),
    dependsOn: (value.dependsOn ?? []) as string[],
  };
}

function resolved(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return resolvedText(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolved(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
    key === 'copy' && Array.isArray(inner)
      ? inner.map((loop) => propertyLoop(loop, scope))
      : [[key, resolved(inner, scope)]],
  );
  return Object.fromEntries(entries);
}

/** What an expression gives may have expressions in it, such as those of a variable. */
function resolvedText(text: string, scope: Scope): unknown {
  const value = evaluate(text, scope);
  return value === text ? text : typeof value === 'object' ? resolved(value, scope) : value;
}

interface PropertyLoop {
  readonly name: string;
  readonly count: number | string;
  readonly input: unknown;
}

function propertyLoop({ name, count, input }: PropertyLoop, scope: Scope): [string, unknown[]] {
  const length = Number(resolved(count, scope));
  if (!(length >= 1 && length <= 800)) throw new Error(`the loop ${name} has ${length} rounds`);
  const items = Array.from({ length }, (_, round) =>
    resolved(input, { ...scope, loops: new Map([...scope.loops, [name, round]]) }),
  );
  return [name, items];
}
