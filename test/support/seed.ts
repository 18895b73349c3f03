/**
 * Imported beside fast-check: its random cases are the same in every run and on every machine, so that one that
 * fails is seen where it was made, and not once in a thousand runs by somebody else. FUZZ_SEED=<number> makes others.
 */
import fc from 'fast-check';
import { SEED } from '../fuzz/support/random.ts';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
