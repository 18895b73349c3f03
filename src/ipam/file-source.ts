/**
 * The sources `mas` (Azure Stack) and `fileIpam`: a JSON file that somebody else keeps up to date.
 *
 *     {"Interfaces": [{"MacAddress": "000D3A6E1825", "IsPrimary": true, "IPSubnets": [
 *       {"Prefix": "10.240.0.0/16", "IPAddresses": [{"Address": "10.240.0.4", "IsPrimary": true}]}]}]}
 */
import { Fields, joinProblems } from '../cni/fields.ts';
import { isObject, parseJson } from '../cni/json.ts';
import { readText } from '../state/files.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type Sys, SysError } from '../sys/sys.ts';
import { type AddressSource, MAX_ANSWER_BYTES, type RawInterface } from './source.ts';

export function fileSource(path: string): AddressSource {
  return { name: path, fetch: (sys) => readFile(sys, path) };
}

function readFile(sys: Sys, path: string): Result<readonly RawInterface[], string> {
  try {
    return interfacesFromJson(readText(sys, path, MAX_ANSWER_BYTES));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(error.message);
  }
}

/** Reads the document; keys in any case, as everywhere. A malformed one is refused as a whole. */
export function interfacesFromJson(text: string): Result<readonly RawInterface[], string> {
  const document = parseJson(text);
  if (!document.ok) return err(`malformed JSON: ${document.error}`);
  if (!isObject(document.value)) return err('malformed JSON: not an object');
  const fields = new Fields(document.value);
  const isPrimary = (object: Fields) => object.boolean('IsPrimary') ?? false;
  const interfaces = fields.children('Interfaces').map((nic) => ({
    mac: nic.string('MacAddress'),
    isPrimary: isPrimary(nic),
    subnets: nic.children('IPSubnets').map((subnet) => ({
      prefix: subnet.string('Prefix'),
      addresses: subnet.children('IPAddresses').map((address) => ({
        address: address.string('Address'),
        isPrimary: isPrimary(address),
      })),
    })),
  }));
  const problem = joinProblems(fields.problems.slice(0, 1));
  return problem === undefined ? ok(interfaces) : err(`malformed document: ${problem.message}`);
}
