/** Checks templates, parameters and resources by the JSON schemas of test/fixtures/arm/schemas. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const DIRECTORY = fileURLToPath(new URL('../../fixtures/arm/schemas', import.meta.url));

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
const validators = new Map<string, ValidateFunction>(
  readdirSync(DIRECTORY).map((name) => [
    name.replace('.schema.json', ''),
    ajv.compile(JSON.parse(readFileSync(`${DIRECTORY}/${name}`, 'utf8'))),
  ]),
);

/** What is wrong by the schema of this name: `template`, `parameters`, or a kind such as `networkInterfaces`. */
export function violations(schema: string, value: unknown): string[] {
  const validate = validators.get(schema);
  if (validate === undefined) return [`there is no schema for ${schema}`];
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${schema}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Name of the schema of a resource: its type without the provider. */
export function schemaOf(type: string): string {
  return type.split('/').slice(1).join('-');
}
