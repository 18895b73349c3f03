/** `together.ts FILE…`: runs test files in one process, each as a suite of its path; they share what they import. */
import { describe } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) {
  describe(file, async () => {
    await import(pathToFileURL(file).href);
  });
}
