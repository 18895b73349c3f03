/** The error document (SPEC.md "Error"). */
import { cniCodeOf, type Failure } from '../sys/failure.ts';
import { oneLine } from './json.ts';
import type { CniVersion, JsonObject } from './types.ts';

/** Runtimes show `msg; details` in one line of an event, so the message is one line. */
export function errorDocument(failure: Failure, version: CniVersion): JsonObject {
  return {
    cniVersion: version,
    code: cniCodeOf(failure),
    msg: oneLine(failure.message),
    details: failure.details === '' ? undefined : failure.details,
  };
}
