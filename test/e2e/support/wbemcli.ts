import { execFile, spawnSync } from 'node:child_process';

/** What stock wbemcli said. */
export interface WbemcliAnswer {
  readonly status: number;
  readonly lines: readonly string[];
  readonly error: string;
}

/** Options (`-nl`, `-ac Class`) may stand among the arguments, as for a person. */
export type Wbemcli = (operation: string, object: string, ...args: readonly string[]) => Promise<WbemcliAnswer>;

export const wbemcliInstalled = spawnSync('wbemcli', ['--help']).error === undefined;

/** wbemcli against one server; `object` is `root/tvdc:Class.key="value"`. */
export function createWbemcli(url: string, user: string, secret: string): Wbemcli {
  const server = url.replace('://', `://${user}:${secret}@`);
  return (operation, object, ...args) =>
    new Promise((resolve) => {
      // Options must stand before the object.
      const at = args.findIndex((word) => word.startsWith('-'));
      const [rest, options] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
      const words = [operation, ...options, `${server}/${object}`, ...rest];
      execFile('wbemcli', words, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ status, lines: stdout.split('\n').filter((line) => line !== ''), error: stderr.trim() });
      });
    });
}

/** The part after `host:port/` of a printed path: `root/tvdc:Class.key="value",…`. */
export function objectOf(line: string): string {
  return line.replace(/^[^/]+\//, '');
}

/** Keys of a printed path, unquoted. Values of our keys hold no quotes. */
export function keysOf(object: string): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  const text = object.slice(object.indexOf('.', object.indexOf(':')) + 1);
  for (const match of text.matchAll(/(\w+)=(?:"([^"]*)"|([^,"]+))(?:,|$)/g))
    keys.set(match[1] ?? '', match[2] ?? match[3] ?? '');
  return keys;
}

/** Properties of one instance printed with `-nl`: lines `-Name=value`, the value as it stands. */
export function propertiesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of lines) {
    const match = /^-(\w+)(?:\[\])?=(.*)$/s.exec(line);
    if (match !== null) properties.set(match[1] ?? '', match[2] ?? '');
  }
  return properties;
}
