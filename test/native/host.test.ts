/** Every host function with wrong and with right arguments, under AddressSanitizer. */
import { defineHostCases } from './host-cases.ts';
import { buildTestProgram } from './program.ts';

defineHostCases('host functions under AddressSanitizer', () => buildTestProgram('cases'));
