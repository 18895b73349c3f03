/** The stand-in IPAM plugin of test/support, in a directory that can be put on CNI_PATH. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram } from '../../support/bundle.ts';

export class FakeIpam {
  /** Has the executable; goes on CNI_PATH. */
  readonly directory: string;
  /** The type in the configuration. */
  readonly type = 'fake-ipam.mjs';

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<FakeIpam> {
    const fake = new FakeIpam(mkdtempSync(join(tmpdir(), 'fake-ipam-')));
    await bundleProgram('support/fake-ipam.ts', join(fake.directory, fake.type));
    return fake;
  }

  /** Its variable, for the environment of a call. */
  get env(): Record<string, string> {
    return { FAKE_IPAM_DIR: this.directory };
  }

  /** Prepares what ADD prints, and its exit status; forgets earlier calls. */
  answerAdd(text: string, status = 0): void {
    this.answer('ADD', text, status);
  }

  /** The same for any command; without a text it answers by itself again. */
  answer(command: string, text: string | undefined, status = 0): void {
    rmSync(join(this.directory, 'calls'), { recursive: true, force: true });
    rmSync(join(this.directory, `${command}.out`), { force: true });
    if (text === undefined) return;
    writeFileSync(join(this.directory, `${command}.out`), text);
    writeFileSync(join(this.directory, `${command}.rc`), String(status));
  }

  /** The commands it was called with, in order. */
  calls(): string[] {
    const calls = join(this.directory, 'calls');
    if (!existsSync(calls)) return [];
    const names = readdirSync(calls).sort();
    return names.map((name) => (JSON.parse(readFileSync(join(calls, name), 'utf8')) as Call).command);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

interface Call {
  readonly command: string;
}
