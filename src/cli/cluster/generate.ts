/** azure-vnet cluster generate: the template, its parameters and the files of each node, to a directory. */
import type { ClusterDefinition } from '../../cluster/definition.ts';
import { type Generated, generateCluster, isGenerated } from '../../cluster/generate.ts';
import type { AddressPlan } from '../../cluster/plan.ts';
import { planAddresses } from '../../cluster/plan-addresses.ts';
import { type Call, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { FORCE_FLAG, INSTALLER_FLAG, RELEASES_FLAG, WINDOWS_INSTALLER_FLAG } from './flags.ts';
import { absolute } from './input.ts';
import { writeDirectory } from './output-directory.ts';

/** Writes to the directory that the user has named. Returns the exit status. */
export function writeCluster(call: Call, definition: ClusterDefinition, shown: string): number {
  const plan = planAddresses(definition);
  const directory = absolute(shown);
  const { sys, out, given, version } = call;
  const url = given.values.get(RELEASES_FLAG.name);
  const sum = given.values.get(INSTALLER_FLAG.name);
  const windowsSum = given.values.get(WINDOWS_INSTALLER_FLAG.name);
  const generated = generateCluster(definition, plan, {
    version,
    ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }),
    ...(sum === undefined ? {} : { installerSha256: sum }),
    ...(windowsSum === undefined ? {} : { windowsInstallerSha256: windowsSum }),
  });
  const replace = given.switches.has(FORCE_FLAG.name);
  const written = generated.ok
    ? writeDirectory(sys, directory, generated.value.files, { replace, isOurs: isGenerated })
    : generated;
  if (!generated.ok || !written.ok) {
    const problem = written.ok ? '' : written.error.replaceAll(absolute(''), '');
    out.complain(`azure-vnet: ${problem}\n`);
    return STATUS_PROBLEMS;
  }
  if (given.switches.has(JSON_FLAG.name)) {
    const { files, unfilled } = generated.value;
    out.printJson({ directory: shown, files: files.map(({ path }) => path), unfilled });
  } else out.print(summary(generated.value, plan, shown));
  return STATUS_OK;
}

function summary({ files, unfilled }: Generated, { nodes }: AddressPlan, directory: string): string {
  const missing =
    unfilled.length === 0
      ? ''
      : `These have no value yet: fill them in in azuredeploy.parameters.json, or give them to az after it\n` +
        unfilled.map((name) => `  --parameters ${name}=…\n`).join('');
  return (
    `wrote ${files.length} files to ${directory}: azuredeploy.json, azuredeploy.parameters.json, ` +
    `and nodes/ with the files of ${nodes.length} nodes\n${missing}` +
    'Deploy with\n' +
    `  az deployment group create --resource-group GROUP --template-file ${directory}/azuredeploy.json \\\n` +
    `    --parameters @${directory}/azuredeploy.parameters.json\n`
  );
}
