/** What is said of the text itself. */
import { edited, MASTER } from '../../../support/definition.ts';
import type { Case } from './case.ts';

export const TEXT_CASES: readonly Case[] = [
  { code: 'syntax', text: '', message: /nothing in it/ },
  { code: 'syntax', text: '{"apiVersion": "vlabs" "properties": {}}', message: /comma is missing/ },
  { code: 'syntax', text: '{"apiVersion": “vlabs”}', message: /not the double quote/ },
  { code: 'syntax', text: '\ufffd\ufffd{\0\r\0\n\0', message: /UTF-16/ },
  { code: 'syntax', text: '{"apiVersion": "vlabs"', message: /"{" is still open/ },
  { code: 'syntax', text: '{"apiVersion": "vla', message: /text has no end/ },
  { code: 'too-deep', text: '['.repeat(100_000), message: /64 levels/ },
  { code: 'too-large', text: ' '.repeat(256 * 1024 + 1), message: /at most 262144/ },
  {
    code: 'too-many-findings',
    severity: 'error',
    text: `{${'"x": 1, '.repeat(300)}"apiVersion": "vlabs"}`,
    message: /left out/,
  },
  {
    code: 'remark',
    severity: 'note',
    text: edited({}).replace('"vlabs",', '"vlabs", --> the version'),
    message: /--> the version/,
  },
  { code: 'placeholder', changes: { [`${MASTER}.dnsPrefix`]: '<dns prefix>' }, message: /"<dns prefix>"/ },
  { code: 'placeholder', text: edited({}).replace('"sound"', '<dns prefix>'), message: /"<dns prefix>"/ },
  { code: 'placeholder', text: edited({}).replace(/\{\s*"keyData": "[^"]*"\s*\}/, '{…}'), message: /"{…}"/ },
  { code: 'placeholder', changes: { 'properties.servicePrincipalProfile.secret': '<secret>' } },
];
