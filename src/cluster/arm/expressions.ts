/** Expressions of Resource Manager templates: what stands between brackets is evaluated at the deployment. */

/** An expression without its brackets. */
export interface Expression {
  readonly code: string;
}

export function expression(code: string): Expression {
  return { code };
}

/** The value of a property that is an expression. */
export function evaluated({ code }: Expression): string {
  return `[${code}]`;
}

export function call(name: string, ...args: readonly (Expression | string)[]): Expression {
  return { code: `${name}(${args.map(argument).join(', ')})` };
}

export function parameter(name: string): Expression {
  return call('parameters', name);
}

export function variable(name: string): Expression {
  return call('variables', name);
}

/** The id of a resource of this deployment. */
export function resourceId(type: string, ...names: readonly (Expression | string)[]): Expression {
  return call('resourceId', type, ...names);
}

/** `{ "id": … }`, as resources refer to each other. */
export function reference(id: Expression): { readonly id: string } {
  return { id: evaluated(id) };
}

function argument(value: Expression | string): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : value.code;
}
