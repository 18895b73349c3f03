/**
 * azure-vnet docker-exec: one Docker container with an address of the VNet. scripts/docker-exec.ps1 calls it. ADD makes
 * the container without a network and attaches it; DEL takes it off the network and leaves it.
 */
import type { AttachmentCall } from '../../cni/runtime/call.ts';
import type { ConfList } from '../../cni/runtime/conflist.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { WindowsSys } from '../../sys/windows.ts';
import { ENDPOINTS_DIR, listEndpoints } from '../../windows/records.ts';
import { type Call, type Command, type Flag, STATUS_OK, STATUS_PROBLEMS, STATUS_USAGE } from '../command.ts';
import { OWN_PLUGIN, readConflists } from '../conflists.ts';
import { addAll, delAll } from './chain.ts';
import { Docker } from './docker.ts';
import { BIN_DIR_FLAG, binDir, CONF_DIR_FLAG, confDir, shownPath } from './paths.ts';

const WORD: Flag['accepts'] = {
  test: (text) => /^[\w][\w.-]{0,252}$/.test(text),
  expected: 'letters, digits, ".", "_" and "-"',
};

export const dockerExecCommand: Command = {
  name: 'docker-exec',
  summary: 'attaches a Docker container to the VNet, or takes it off',
  actions: ['ADD', 'DEL'],
  flags: [
    { name: 'name', value: 'NAME', help: 'Name of the container.', required: true, accepts: WORD },
    {
      name: 'namespace',
      value: 'NAMESPACE',
      help: 'Namespace of the container.',
      required: true,
      accepts: WORD,
    },
    { name: 'image', value: 'IMAGE', help: 'Image of the container; ADD needs it.' },
    {
      name: 'command',
      value: 'WORDS',
      help: 'What runs in the container, words separated by spaces; by default it waits for ever.',
    },
    { name: 'remove', help: 'With DEL: the container goes as well.' },
    BIN_DIR_FLAG,
    CONF_DIR_FLAG,
  ],
  details: [
    'ADD  makes the container with --network none, unless it runs already, calls every plugin of the network, and\n' +
      '     prints the result; when that fails, a container that it has made is removed\n' +
      'DEL  gives back address and endpoint; fine when the container is gone already',
    'Containers of Docker on Windows are attached while they run: one that has ended has lost its network.',
  ],
  needsRoot: false,
  changes: true,
  run: dockerExec,
};

/** cmd is in every image of Windows, and ping needs no console. */
const WAIT_FOR_EVER: readonly string[] = ['cmd', '/c', 'ping', '-t', '127.0.0.1'];

function dockerExec(call: Call): number {
  const { sys, given } = call;
  const name = given.values.get('name') ?? '';
  call.log.set('container', name);
  const list = networkOf(call);
  if (!list.ok) return complain(call, list.error);
  const docker = Docker.find(sys);
  if (!docker.ok) return complain(call, docker.error);
  if (given.action === 'DEL') return del(call, docker.value, list.value, name);
  const image = given.values.get('image');
  if (image === undefined || image.startsWith('-')) {
    call.out.complain('azure-vnet: docker-exec ADD needs --image IMAGE\n');
    return STATUS_USAGE;
  }
  return add(call, docker.value, list.value, { name, image });
}

function add(
  call: Call,
  docker: Docker,
  list: ConfList,
  { name, image }: { readonly name: string; readonly image: string },
): number {
  const present = docker.inspect(name);
  if (!present.ok) return complain(call, present.error);
  const obstacle = present.value && obstacleOf(name, present.value);
  if (obstacle !== undefined) return complain(call, obstacle);
  const words = call.given.values
    .get('command')
    ?.split(' ')
    .filter((word) => word !== '');
  const made = present.value ? ok(present.value.id) : docker.run(name, image, words ?? WAIT_FOR_EVER);
  if (!made.ok) {
    // One that was made and could not start is there, and has the name; another program's must not go.
    if (!/already in use/.test(made.error)) docker.remove(name);
    return complain(call, made.error);
  }
  const added = addAll(call.sys, attachmentOf(call, list, made.value));
  if (added.ok) {
    call.out.print(`${JSON.stringify(added.value, null, 4)}\n`);
    return STATUS_OK;
  }
  const now = docker.inspect(name);
  const ended =
    now.ok && now.value?.isRunning === false
      ? `; the container has ended: give it a --command that lasts`
      : '';
  const removed = present.value === undefined ? docker.remove(name) : ok(undefined);
  const left = removed.ok ? '' : `; ${removed.error}`;
  return complain(call, `${name} : ${added.error}${ended}${left}`);
}

function obstacleOf(name: string, { isRunning, networkMode }: { isRunning: boolean; networkMode: string }) {
  if (!isRunning) return `container ${name} is there and does not run; remove it, or start it`;
  if (networkMode !== 'none') {
    return `container ${name} has the network "${networkMode}" of Docker; only one with none can be attached`;
  }
  return undefined;
}

function del(call: Call, docker: Docker, list: ConfList, name: string): number {
  const present = docker.inspect(name);
  if (!present.ok) return complain(call, present.error);
  const id = present.value?.id ?? recordedId(call, name);
  if (id === undefined) {
    call.out.print(`there is no container ${name}, and nothing of it is left\n`);
    return STATUS_OK;
  }
  const failed = delAll(call.sys, attachmentOf(call, list, id));
  if (failed.length > 0) return complain(call, `${name} : ${failed.join('; ')}`);
  if (!call.given.switches.has('remove')) return STATUS_OK;
  const removed = docker.remove(name);
  return removed.ok ? STATUS_OK : complain(call, removed.error);
}

/** Of a container that Docker does not know any more. */
function recordedId({ sys, log, given }: Call, name: string): string | undefined {
  const namespace = given.values.get('namespace');
  return listEndpoints(sys as WindowsSys, log, ENDPOINTS_DIR).find(
    ({ podName, podNamespace }) => podName === name && podNamespace === namespace,
  )?.containerId;
}

function attachmentOf(call: Call, list: ConfList, id: string): AttachmentCall {
  const { values } = call.given;
  return {
    list,
    path: [binDir(call)],
    containerId: id,
    ifname: 'eth0',
    netns: 'none',
    args: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', values.get('namespace') ?? ''],
      ['K8S_POD_NAME', values.get('name') ?? ''],
      ['K8S_POD_INFRA_CONTAINER_ID', id],
    ],
  };
}

/** The first configuration with our plugin, as a runtime would take it. */
function networkOf(call: Call): Result<ConfList, string> {
  const directory = confDir(call);
  for (const { list } of readConflists(call.sys, directory)) {
    if (list.ok && list.value.plugins.some(({ type }) => type === OWN_PLUGIN)) return ok(list.value);
  }
  return err(
    `no network configuration in ${shownPath(directory)} names ${OWN_PLUGIN}; install-cni-plugin.ps1 puts one there`,
  );
}

function complain({ out, log }: Call, text: string): number {
  log.set('error', text);
  out.complain(`azure-vnet: ${text}\n`);
  return STATUS_PROBLEMS;
}
