/** The first step of every action: FILE is read, and its findings are said. */

import type { ClusterDefinition, ClusterLayout } from '../../cluster/definition.ts';
import { type Finding, hasErrors } from '../../cluster/finding.ts';
import { leavesPlan } from '../../cluster/layout.ts';
import { MAX_DEFINITION_BYTES } from '../../cluster/read/parse.ts';
import { readDefinition, tooLarge } from '../../cluster/read-definition.ts';
import type { Cidr } from '../../net/cidr.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { type Call, STATUS_PROBLEMS, STATUS_USAGE } from '../command.ts';
import { PLAIN } from '../style.ts';
import { SUBNET_FLAG, subnetOf } from './flags.ts';
import { readInput } from './input.ts';
import { countsOf, renderFindings, renderUnfilled } from './render-findings.ts';

export interface Read {
  readonly file: string;
  readonly findings: readonly Finding[];
  readonly definition?: ClusterDefinition;
  readonly layout?: ClusterLayout;
}

/** An error is the exit status: what there is to say has been said. */
export function readCall(call: Call): Result<Read, number> {
  const { sys, given, out } = call;
  const file = given.words?.[0] ?? '-';
  const input = readInput(sys, file);
  if (!input.ok) {
    out.complain(`azure-vnet: ${input.error}\n`);
    return err(STATUS_PROBLEMS);
  }
  if (input.value.tooLarge) return ok({ file, findings: [tooLarge(file, MAX_DEFINITION_BYTES + 1)] });
  return ok({ file, ...readDefinition(input.value.text, { file, subnets: subnetsOf(call) }) });
}

/**
 * For actions whose output is something else: the definition, or the exit status after all findings were
 * printed to stderr. Warnings are printed there as well, notes are left to `validate`.
 */
export function definitionOf(call: Call): Result<ClusterDefinition, number> {
  const read = readCall(call);
  return read.ok ? complete(call, read.value) : read;
}

/** What can be planned; placeholders that no address depends on are notes then, printed in any case. */
export function layoutOf(call: Call): Result<ClusterLayout, number> {
  const read = readCall(call);
  if (!read.ok) return read;
  const { findings, definition, layout } = read.value;
  if (definition !== undefined || layout === undefined) return complete(call, read.value);
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const blank = warnings.length === 0 ? '' : '\n';
  const notes = findings.filter(leavesPlan).map(renderUnfilled);
  call.out.complain(`${renderFindings(warnings, PLAIN)}${blank}${notes.join('')}\n`);
  return ok(layout);
}

function complete(call: Call, { findings, definition, file }: Read): Result<ClusterDefinition, number> {
  const said = definition === undefined ? findings : findings.filter(({ severity }) => severity !== 'note');
  call.out.complain(renderFindings(said, PLAIN));
  if (definition !== undefined) return ok(definition);
  call.out.complain(`\n${nameOf(file)}: ${countsOf(findings)}\n`);
  return err(hasErrors(findings) ? STATUS_USAGE : STATUS_PROBLEMS);
}

export function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

function subnetsOf({ given }: Call): ReadonlyMap<string, Cidr> {
  const words = given.values.get(SUBNET_FLAG.name)?.split(',') ?? [];
  return new Map(
    words.flatMap((word) => subnetOf(word) ?? []).map(({ name, range }) => [name.toLowerCase(), range]),
  );
}
