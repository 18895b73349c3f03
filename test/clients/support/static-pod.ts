/** A static pod of a kubelet: a manifest in its directory, and what became of it. */
import assert from 'node:assert/strict';
import type { JsonObject } from './api/store.ts';
import { IMAGE, WHO } from './image.ts';
import { CONTAINER, isReady, type Kubelet } from './kubelet.ts';
import { type ClientPod, POD_PORT } from './traffic.ts';
import { until } from './until.ts';

export interface StaticPodOptions {
  readonly ports?: { containerPort: number; hostPort: number; protocol: 'TCP' | 'UDP' }[];
  /** Where the kubelet looks whether the container lives. @default {POD_PORT} */
  readonly livenessPort?: number;
}

export class StaticPod implements ClientPod {
  readonly name: string;
  readonly address: string;
  readonly #kubelet: Kubelet;

  private constructor(kubelet: Kubelet, name: string, address: string) {
    this.#kubelet = kubelet;
    this.name = name;
    this.address = address;
  }

  /** Runs a pod that serves POD_PORT, and waits until the kubelet has found it ready. */
  static async run(kubelet: Kubelet, name: string, options: StaticPodOptions = {}): Promise<StaticPod> {
    kubelet.give(name, manifest(name, options));
    return await StaticPod.whenReady(kubelet, name);
  }

  /** One that has been given before. */
  static async whenReady(kubelet: Kubelet, name: string): Promise<StaticPod> {
    let address: string | undefined;
    await until(`${name} is ready`, async () => {
      const pod = await kubelet.pod(name);
      address = pod !== undefined && isReady(pod) ? pod.status.podIP : undefined;
      return address !== undefined;
    });
    return new StaticPod(kubelet, name, address ?? '');
  }

  exec(argv: readonly string[]) {
    return this.#kubelet.exec(this.name, argv);
  }

  /** The container that runs in it, and how often it has been started again. */
  async container(): Promise<{ readonly id: string; readonly restarts: number }> {
    const status = (await this.#kubelet.pod(this.name))?.status.containerStatuses?.[0];
    assert.ok(status, `${this.name} has a container`);
    return { id: status.containerID ?? '', restarts: status.restartCount };
  }

  /** Takes the manifest away, and waits until the kubelet tells of the pod no more: it still ends it then. */
  async remove(): Promise<void> {
    this.#kubelet.take(this.name);
    await until(`${this.name} is gone`, async () => (await this.#kubelet.pod(this.name)) === undefined);
  }
}

/**
 * A pod with both probes, so that the kubelet itself must reach it from the node. It says what an API server would
 * put in, since that of the tests does not.
 */
export function manifest(
  name: string,
  { ports = [], livenessPort = POD_PORT }: StaticPodOptions,
): JsonObject {
  const probe = (port: number, failureThreshold: number) => ({
    httpGet: { path: '/', port, scheme: 'HTTP' },
    periodSeconds: 1,
    timeoutSeconds: 5,
    successThreshold: 1,
    failureThreshold,
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      dnsPolicy: 'Default',
      restartPolicy: 'Always',
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: CONTAINER,
          image: IMAGE,
          imagePullPolicy: 'Never',
          command: [WHO, 'serve', name, String(POD_PORT)],
          ports,
          readinessProbe: probe(POD_PORT, 1),
          livenessProbe: probe(livenessPort, 10),
        },
      ],
    },
  };
}
