/** Root for the stages that need it. */
import { execFileSync } from 'node:child_process';

/** What goes in front of a command to run it as root; undefined when that is not possible here. */
export function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = ['sudo', '--preserve-env=PATH'];
  /* Asks for the password now, where there is somebody to ask. */
  const check = process.stdin.isTTY ? ['-v'] : ['-n', '-v'];
  try {
    execFileSync('sudo', check, { stdio: 'inherit' });
    return process.stdin.isTTY ? sudo : [...sudo, '-n'];
  } catch {
    return undefined;
  }
}
