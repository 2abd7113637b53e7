import { execFile } from 'node:child_process';

/** Whether there is a swtpm on this host. */
export function swtpmAvailable(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('swtpm', ['socket', '--print-capabilities'], { timeout: 5_000 }, (error) => {
      resolve(error === null);
    });
  });
}
