/** azure-vnet snat: packets of pods to the internet leave with the address of the node. */
import type { Cidr } from '../../net/cidr.ts';
import {
  type Call,
  type Command,
  DRY_RUN_FLAG,
  STATUS_OK,
  STATUS_PROBLEMS,
  STATUS_USAGE,
} from '../command.ts';
import { letRulesSeeBridges } from './bridge-netfilter.ts';
import { carryOut, fail, indent, isDry, type Step } from './carry-out.ts';
import { readVariants, type Variant } from './iptables.ts';
import { holdLock, LOCK_TIMEOUT_MS } from './lock.ts';
import { describePresent, formatRanges, planApply, planRemove } from './plan.ts';
import { parseRanges } from './ranges.ts';
import {
  programForUnit,
  readUnit,
  removeUnit,
  UNIT,
  UNIT_PATH,
  unitDiffers,
  unitText,
  writeUnit,
} from './unit.ts';

const CIDR_FLAG = {
  name: 'cidr',
  value: 'RANGE',
  help: 'Range that is not the internet; several are possible. apply and verify need one.',
  repeats: true,
};
const PERSIST_FLAG = {
  name: 'persist',
  only: ['apply'],
  help: 'With apply: also writes a systemd unit that applies it at start.',
};

export const snatCommand: Command = {
  name: 'snat',
  summary: 'gives packets of pods to the internet the address of the node',
  actions: ['apply', 'verify', 'remove'],
  flags: [CIDR_FLAG, PERSIST_FLAG, DRY_RUN_FLAG],
  details: [
    'apply   makes table nat masquerade everything but traffic to the ranges, to 168.63.129.16 and to the node;\n' +
      '        loads br_netfilter where it is missing, without which rules do not meet what crosses a bridge\n' +
      'verify  says whether it does so\n' +
      'remove  takes back what apply did, for these ranges or, without --cidr, for all; the unit as well',
    'For one range it is the rule\n' +
      '  iptables -t nat -A POSTROUTING -m iprange ! --dst-range 168.63.129.16\n' +
      '    -m addrtype ! --dst-type local ! -d RANGE -j MASQUERADE\n' +
      'and for several the chain AZURE-VNET-SNAT. Rules for other ranges are replaced, in one transaction.\n' +
      'What is the internet is everything else: give the ranges of the VNet, of peered VNets and on-premises.',
  ],
  needsRoot: true,
  changes: true,
  run: snat,
};

function snat(call: Call): number {
  const { given, sys } = call;
  const text = given.values.get(CIDR_FLAG.name);
  const ranges = text === undefined ? undefined : parseRanges(text);
  if (ranges?.ok === false) return refuse(call, ranges.error);
  if (ranges === undefined && given.action !== 'remove') {
    return refuse(call, `snat ${given.action} needs --${CIDR_FLAG.name} ${CIDR_FLAG.value}`);
  }
  const held = holdLock(sys);
  try {
    if (!held.locked)
      return fail(call, `another azure-vnet snat is at work; it had ${LOCK_TIMEOUT_MS / 1000} s`);
    const variants = readVariants(sys);
    if (!variants.ok) return fail(call, variants.error);
    if (ranges === undefined) return remove(call, variants.value, undefined);
    if (given.action === 'remove') return remove(call, variants.value, ranges.value);
    if (given.action === 'verify') return verify(call, variants.value, ranges.value);
    return apply(call, variants.value, ranges.value);
  } finally {
    held.release();
  }
}

function apply(
  call: Call,
  [usual, ...others]: readonly [Variant, ...Variant[]],
  ranges: readonly Cidr[],
): number {
  const { sys, out, given } = call;
  const persist = given.switches.has(PERSIST_FLAG.name);
  // Found out first: nothing is done by halves.
  const program = persist ? programForUnit(sys) : undefined;
  if (program?.ok === false) return fail(call, program.error);
  const steps: Step[] = [
    { variant: usual, lines: planApply(usual.present, ranges) },
    ...others.map((variant) => ({ variant, lines: planRemove(variant.present, undefined) })),
  ];
  if (!carryOut(call, steps)) return STATUS_PROBLEMS;
  if (program !== undefined) {
    const unit = unitText(program.value, ranges);
    if (isDry(call)) out.print(`would write ${UNIT_PATH} and enable it:\n${indent(unit)}`);
    else {
      const done = writeUnit(sys, unit);
      if (!done.ok) return fail(call, done.error);
      out.print(done.value.map((line) => `${line}\n`).join(''));
    }
  } else if (unitDiffers(sys, ranges)) {
    out.print(
      `the unit ${UNIT} has other ranges and brings them back at the next start; --persist renews it\n`,
    );
  }
  if (!isDry(call)) {
    out.print(
      `traffic to ${formatRanges(ranges)} keeps the address of the pod; to the internet it has the node's\n`,
    );
  }
  letRulesSeeBridges(call);
  return STATUS_OK;
}

function remove(call: Call, variants: readonly Variant[], ranges: readonly Cidr[] | undefined): number {
  const { sys, out } = call;
  const steps = variants.map((variant) => ({ variant, lines: planRemove(variant.present, ranges) }));
  const unitToo = readUnit(sys) !== undefined && (ranges === undefined || !unitDiffers(sys, ranges));
  if (!carryOut(call, steps)) return STATUS_PROBLEMS;
  if (unitToo && isDry(call)) out.print(`would disable and remove ${UNIT_PATH}\n`);
  else if (unitToo) {
    const done = removeUnit(sys);
    if (!done.ok) return fail(call, done.error);
    out.print(done.value.map((line) => `${line}\n`).join(''));
  }
  if (steps.every(({ lines }) => lines.length === 0)) {
    for (const { program, present } of variants) {
      const found = describePresent(present);
      if (found !== undefined) out.print(`left alone, for other ranges (${program}): ${found}\n`);
    }
  }
  return STATUS_OK;
}

function verify(
  call: Call,
  [usual, ...others]: readonly [Variant, ...Variant[]],
  ranges: readonly Cidr[],
): number {
  const { sys, out } = call;
  const problems: string[] = [];
  if (planApply(usual.present, ranges).length > 0) {
    const found = describePresent(usual.present) ?? 'there is no such rule';
    problems.push(`${usual.program}: not masqueraded as wanted for ${formatRanges(ranges)}: ${found}`);
  }
  for (const { program, present } of others) {
    const found = describePresent(present);
    if (found !== undefined) problems.push(`${program}: also has ${found}`);
  }
  if (unitDiffers(sys, ranges)) problems.push(`${UNIT_PATH} has other ranges`);
  if (problems.length === 0) {
    out.print(
      `traffic to ${formatRanges(ranges)} keeps the address of the pod; to the internet it has the node's\n`,
    );
    return STATUS_OK;
  }
  out.print(problems.map((line) => `${line}\n`).join(''));
  out.print('azure-vnet snat apply with the same ranges mends it\n');
  return STATUS_PROBLEMS;
}

function refuse({ given, out }: Call, text: string): number {
  out.complain(`azure-vnet: ${text}\nazure-vnet snat ${given.action} --help tells how it is used\n`);
  return STATUS_USAGE;
}
