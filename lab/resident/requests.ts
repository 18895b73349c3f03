/** Serves the requests of the lab: runs programs in the namespaces of this process. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { run } from '../host/run.ts';
import type { ResidentAnswer, ResidentRequest } from './protocol.ts';

/** Listens on the socket; resolves when it does. Only root can reach it: the directory is private. */
export async function serveRequests(socketPath: string): Promise<void> {
  const started = new Map<number, ChildProcess>();
  const server = net.createServer((socket) => {
    // A lab command that has gone away does not need its answer any more.
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', async (line) => {
      const request = JSON.parse(line) as ResidentRequest;
      const answer = await answerTo(request, started);
      if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
}

async function answerTo(
  request: ResidentRequest,
  started: Map<number, ChildProcess>,
): Promise<ResidentAnswer> {
  try {
    return { id: request.id, value: await perform(request, started) };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(request: ResidentRequest, started: Map<number, ChildProcess>): Promise<unknown> {
  switch (request.op) {
    case 'run':
      return run(request.argv, request);
    case 'start': {
      const child = await start(request);
      const { pid } = child;
      if (pid === undefined) throw new Error(`Internal error: ${request.argv[0]} has no pid`);
      started.set(pid, child);
      child.on('exit', () => started.delete(pid));
      return { pid };
    }
    case 'stop': {
      const child = started.get(request.pid);
      if (child === undefined) return { stopped: false };
      child.kill('SIGKILL');
      await once(child, 'exit');
      return { stopped: true };
    }
  }
}

type StartRequest = Extract<ResidentRequest, { readonly op: 'start' }>;

async function start({ argv, env, outputPath }: StartRequest): Promise<ChildProcess> {
  const [program = '', ...args] = argv;
  const output = outputPath === undefined ? 'ignore' : openSync(outputPath, 'a', 0o600);
  try {
    const stdio: StdioOptions = ['ignore', output, output];
    const child = spawn(program, args, { stdio, ...(env === undefined ? {} : { env }) });
    await once(child, 'spawn');
    return child;
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}
