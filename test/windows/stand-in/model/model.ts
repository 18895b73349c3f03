/** The state as a call works on it. */
import { isObject } from '../../../../src/cni/json.ts';
import type { JsonObject } from '../../../../src/sys/json.ts';
import type { ModelState } from './state.ts';

export class Model {
  state: ModelState;
  readonly newId: () => string;

  constructor(state: ModelState, newId: () => string) {
    this.state = state;
    this.newId = newId;
  }

  change(changes: Partial<ModelState>): void {
    this.state = { ...this.state, ...changes };
  }

  /** Its endpoints go with it. */
  removeNetwork(id: string): void {
    this.change({
      networks: this.state.networks.filter((network) => network.id !== id),
      endpoints: this.state.endpoints.filter((endpoint) => endpoint.networkId !== id),
    });
  }

  /** A JSON object; undefined for anything else. */
  parse(text: string): JsonObject | undefined {
    try {
      const value = JSON.parse(text);
      return isObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
