/** A release server on this machine, with archives of small plugins and a fault for each thing that can go wrong. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../../../scripts/build/paths.ts';
import { LINUX_TARGETS, type LinuxTarget } from '../../../scripts/build/target.ts';
import { archiveOf } from '../../../scripts/release/archive.ts';
import { tar } from '../../../scripts/release/tar.ts';

export const OURS = 'v0.1.0';
export const NEXT = 'v0.2.0';
export const CNI = 'v1.0.1';

export type Fault = 'missing' | 'truncated' | 'corrupt' | 'error' | 'stalled';

/** Files by their path below the server. */
export type Release = ReadonlyMap<string, Buffer>;

/**
 * What this project builds for `targets`, a next version of it, and the plugins that Debian has, as their project
 * packs them.
 */
export function makeReleases(targets: readonly LinuxTarget[] = LINUX_TARGETS): Release {
  const files = new Map<string, Buffer>();
  const add = (version: string, name: string, archive: Buffer, list: string) => {
    files.set(`/${version}/${name}`, archive);
    const before = files.get(`/${version}/${list}`) ?? Buffer.of();
    files.set(`/${version}/${list}`, Buffer.concat([before, Buffer.from(sumLine(name, archive))]));
  };
  for (const target of targets) {
    add(OURS, `azure-vnet-cni-${target}-${OURS}.tgz`, archiveOf(target), 'SHA256SUMS');
  }
  const plugins = ['./loopback', './portmap'].map((name) =>
    plain(name, readFileSync(`/usr/lib/cni/${name}`)),
  );
  const packed = gzipSync(tar(plugins, 0), { level: 1 });
  for (const target of targets) {
    add(NEXT, `azure-vnet-cni-${target}-${NEXT}.tgz`, nextArchive(), 'SHA256SUMS');
    const name = `cni-plugins-${target}-${CNI}.tgz`;
    add(CNI, name, packed, `${name}.sha256`);
  }
  return files;
}

/** As sha256sum prints it. */
export function sumLine(name: string, content: Buffer): string {
  return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
}

/** Plugins as scripts: other bytes, and an answer to VERSION. */
function nextArchive(): Buffer {
  const plugin = `#!/bin/sh\necho '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"],"next":true}'\n`;
  const conflist = readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8').replace('0.3.0', '1.0.0');
  return gzipSync(
    tar(
      [
        plain('azure-vnet', Buffer.from(plugin)),
        { kind: 'link', name: 'azure-vnet-ipam', mode: 0o755, target: 'azure-vnet' },
        plain('10-azure.conflist', Buffer.from(conflist)),
      ],
      0,
    ),
  );
}

export function plain(name: string, content: Buffer) {
  return { kind: 'file', name, mode: 0o755, content } as const;
}

export class ReleaseServer {
  /** By the end of the name. */
  readonly faults = new Map<string, Fault>();
  readonly #server: Server;
  #reached: (path: string) => void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(files: Release): Promise<ReleaseServer> {
    const server = createServer((request, response) => started.#answer(files, request.url ?? '', response));
    const started = new ReleaseServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when somebody waits for the rest of a stalled file. */
  stalled(): Promise<string> {
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  dropConnections(): void {
    this.#server.closeAllConnections();
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(files: Release, path: string, response: ServerResponse): void {
    const content = files.get(path);
    const fault = [...this.faults].find(([end]) => path.endsWith(end))?.[1];
    if (content === undefined || fault === 'missing') {
      response.writeHead(404).end('<html>Not Found</html>');
    } else if (fault === 'error') {
      response.writeHead(403).end('no');
    } else if (fault === 'truncated') {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, content.length >> 1), () => response.destroy());
    } else if (fault === 'stalled') {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, content.length >> 1), () => this.#reached(path));
    } else if (fault === 'corrupt') {
      const changed = Buffer.from(content);
      changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
      response.end(changed);
    } else {
      response.end(content);
    }
  }
}
