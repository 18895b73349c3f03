/** What `azure-vnet cluster` does. */
import { planPicture } from '../../cluster/picture.ts';
import { planAddresses } from '../../cluster/plan-addresses.ts';
import { planDocument } from '../../cluster/plan-document.ts';
import { type Call, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS, STATUS_USAGE } from '../command.ts';
import { definitionOf, layoutOf, nameOf, readCall } from './definition.ts';
import { ADDRESSES_FLAG, OUTPUT_FLAG, STRICT_FLAG, SVG_FLAG } from './flags.ts';
import { writeCluster } from './generate.ts';
import { countsOf, findingDocument, renderFindings } from './render-findings.ts';
import { renderAddresses, renderPlan } from './render-plan.ts';

/** Late: the image with all of this is loaded by its first call (scripts/build/late.ts). */
export function runCluster(call: Call): number {
  if (call.given.action === 'generate') return generate(call);
  return call.given.action === 'plan' ? plan(call) : validate(call);
}

function validate(call: Call): number {
  const { given, out } = call;
  const read = readCall(call);
  if (!read.ok) return read.error;
  const { file, findings, definition, layout } = read.value;
  const valid = definition !== undefined;
  if (given.switches.has(JSON_FLAG.name)) {
    out.printJson({ file, valid, findings: findings.map(findingDocument) });
  } else {
    const counts = countsOf(findings);
    const verdict = valid ? out.style.good('it can be deployed') : out.style.bad('it cannot be deployed');
    const rest = !valid && layout !== undefined ? ', but planned' : '';
    out.print(`${renderFindings(findings, out.style)}${counts === '' ? '' : '\n'}`);
    out.print(`${nameOf(file)}: ${counts === '' ? 'no findings' : counts}; ${verdict}${rest}\n`);
  }
  if (!valid) return STATUS_USAGE;
  const warned = findings.some(({ severity }) => severity === 'warning');
  return warned && given.switches.has(STRICT_FLAG.name) ? STATUS_PROBLEMS : STATUS_OK;
}

function plan(call: Call): number {
  const { given, out } = call;
  const forms = [JSON_FLAG, ADDRESSES_FLAG, SVG_FLAG].filter(({ name }) => given.switches.has(name));
  if (forms.length > 1)
    return refuse(call, `${forms.map(({ name }) => `--${name}`).join(' and ')} exclude each other`);
  const layout = layoutOf(call);
  if (!layout.ok) return layout.error;
  const planned = planAddresses(layout.value);
  const [form] = forms;
  if (form === JSON_FLAG) out.printJson(planDocument(planned));
  else if (form === SVG_FLAG) out.print(planPicture(planned));
  else if (form === ADDRESSES_FLAG) out.print(renderAddresses(planned, out.style));
  else out.print(renderPlan(planned, out.style));
  return STATUS_OK;
}

function generate(call: Call): number {
  const shown = call.given.values.get(OUTPUT_FLAG.name)?.replace(/(.)\/+$/, '$1');
  if (shown === undefined) return refuse(call, 'cluster generate needs -o DIR');
  const definition = definitionOf(call);
  return definition.ok ? writeCluster(call, definition.value, shown) : definition.error;
}

function refuse({ given, out }: Call, text: string): number {
  out.complain(`azure-vnet: ${text}\nazure-vnet cluster ${given.action} --help tells how it is used\n`);
  return STATUS_USAGE;
}
