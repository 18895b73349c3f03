/**
 * The default source: Azure's wireserver, which answers every VM with its own interfaces.
 *
 *     GET http://168.63.129.16/machine/plugins?comp=nmagent&type=getinterfaceinfov1
 *
 *     <Interfaces>
 *       <Interface MacAddress="000D3A0A0B0C" IsPrimary="true">
 *         <IPSubnet Prefix="10.240.0.0/16">
 *           <IPAddress Address="10.240.0.4" IsPrimary="true"/>
 *           <IPAddress Address="10.240.0.5" IsPrimary="false"/>
 */
import { show } from '../cni/json.ts';
import { httpGet, parseHttpUrl } from '../net/http.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';
import { type AddressSource, MAX_ANSWER_BYTES, type RawInterface } from './source.ts';
import { parseXml, type XmlElement } from './xml.ts';

export const WIRESERVER_URL = 'http://168.63.129.16/machine/plugins?comp=nmagent&type=getinterfaceinfov1';

/** The wireserver answers within milliseconds; a call must not hang on it. */
export const WIRESERVER_DEADLINE_MS = 2000;

export function wireserver(url: string = WIRESERVER_URL): AddressSource {
  return { name: url, fetch: (sys) => fetchInterfaces(sys, url) };
}

function fetchInterfaces(sys: Sys, text: string): Result<readonly RawInterface[], string> {
  const url = parseHttpUrl(text);
  if (url === undefined) return err('not http://<IPv4 address>[:port]/<path>');
  const limits = { deadlineMs: WIRESERVER_DEADLINE_MS, maxBytes: MAX_ANSWER_BYTES };
  const answer = httpGet(sys, url, limits);
  if (!answer.ok) return err(`${answer.error.reason}: ${answer.error.text}`);
  return interfacesFromXml(sys.decodeUtf8(answer.value, 0, answer.value.length));
}

/** Reads the answer; elements that are not ours are skipped, a malformed answer is refused as a whole. */
export function interfacesFromXml(text: string): Result<readonly RawInterface[], string> {
  const root = parseXml(text);
  if (!root.ok) return err(`malformed XML: ${root.error}`);
  if (root.value.name !== 'Interfaces') {
    return err(`the answer is <${root.value.name.slice(0, SHOWN_CHARACTERS)}>, not <Interfaces>`);
  }
  const problems: string[] = [];
  const need = (element: XmlElement, name: string): string => {
    const value = element.attributes.get(name);
    if (value === undefined) problems.push(`<${element.name}> without ${name}`);
    return value ?? '';
  };
  const isPrimary = (element: XmlElement): boolean => {
    const value = element.attributes.get('IsPrimary') ?? 'false';
    const text = value.toLowerCase();
    if (!BOOLEANS.includes(text)) problems.push(`IsPrimary=${show(value)}`);
    return text === 'true' || text === '1';
  };
  const interfaces = childrenOf(root.value, 'Interface').map((nic) => ({
    mac: need(nic, 'MacAddress'),
    isPrimary: isPrimary(nic),
    subnets: childrenOf(nic, 'IPSubnet').map((subnet) => ({
      prefix: need(subnet, 'Prefix'),
      addresses: childrenOf(subnet, 'IPAddress').map((address) => ({
        address: need(address, 'Address'),
        isPrimary: isPrimary(address),
      })),
    })),
  }));
  return problems[0] === undefined ? ok(interfaces) : err(`malformed answer: ${problems[0]}`);
}

function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

const SHOWN_CHARACTERS = 40;
const BOOLEANS: readonly string[] = ['false', 'true', '0', '1'];
