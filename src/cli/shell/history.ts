import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const most = 1000;
const secretName = /(?:^|\s)-{0,2}\w*(?:password|passphrase|secret|credential|privatekey)\w*\s*=/i;
const secretInUrl = /:\/\/[^/\s]*:[^/\s]*@/;

/** Whether a line may hold a secret: a value whose name speaks of one, or a password in a URL. */
export function holdsSecret(line: string): boolean {
  return secretName.test(line) || secretInUrl.test(line);
}

/** `$XDG_STATE_HOME/tvdc/wbem-history`, by default under `~/.local/state`. */
export function historyFile(): string {
  const folder = process.env['XDG_STATE_HOME'];
  return join(
    folder === undefined || folder === '' ? join(homedir(), '.local', 'state') : folder,
    'tvdc',
    'wbem-history',
  );
}

/** Lines typed in earlier shells, the last first; a history that cannot be read is none. */
export function readHistory(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    chmodSync(file, 0o600);
    const lines = text.split('\n').filter((line) => line !== '');
    if (lines.length > 2 * most) writeFileSync(file, `${lines.slice(-most).join('\n')}\n`, { mode: 0o600 });
    return lines.slice(-most).reverse();
  } catch {
    return [];
  }
}

/** Adds a line, unless it may hold a secret or begins with a blank. Where that fails, it is not kept. */
export function keepLine(file: string, line: string): void {
  if (line.trim() === '' || line.startsWith(' ') || holdsSecret(line)) return;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // A shell without history is better than none.
  }
}
