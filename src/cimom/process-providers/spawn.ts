import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../../base/index.js';
import type { Connection, Connector } from './connection.js';
import { ProviderProcessError } from './errors.js';
import { type RpcListener, RpcPeer } from './json-rpc.js';
import type { ProcessLimits } from './limits.js';
import { logLines } from './stderr.js';

/** A program and how it is started. */
export interface ProcessCommand {
  /** The program and its arguments; no shell looks at them. */
  readonly command: readonly [string, ...string[]];
  /** Working folder. */
  readonly folder: string;
  /** Beside PATH, HOME, LANG, LC_ALL, TZ of the object manager, which is all of its environment that is handed on. */
  readonly environment: Readonly<Record<string, string>>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const handedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ'] as const;

function environmentOf(own: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of handedOn) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...own };
}

function started(child: Child, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new ProviderProcessError('provider_unavailable', `${program} cannot be started: ${cause.message}`, { cause }),
      ),
    );
  });
}

function exited(child: Child): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (status, signal) => resolve(signal === null ? `exit status ${status}` : `signal ${signal}`));
  });
}

/** Waits, but not longer than so many milliseconds. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** Closes its input, which well-behaved processes take for the end; asks the others, then makes them. */
async function endChild(child: Child, exit: Promise<unknown>, endTime: number): Promise<void> {
  child.stdin.end();
  await within(exit, endTime);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await within(exit, endTime);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await exit;
}

/** Starts a provider as a process of its own: requests on its standard input, answers on its standard output, text on the third. */
export function processConnector(
  name: string,
  command: ProcessCommand,
  limits: ProcessLimits,
  log: Log,
  onNotification: RpcListener['onNotification'],
): Connector {
  return async (): Promise<Connection> => {
    const [program, ...parameters] = command.command;
    const child = spawn(program, parameters, {
      cwd: command.folder,
      env: environmentOf(command.environment),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C is for us, who close its input when the last request is answered.
      detached: true,
    });
    const exit = exited(child);
    // A process that ended does not read; its exit says more than EPIPE.
    child.stdin.on('error', () => undefined);
    logLines(child.stderr, name, log);
    await started(child, program);
    let fault: ProviderProcessError | null = null;
    const peer = new RpcPeer(child.stdout, child.stdin, limits, {
      onFault: (error) => {
        fault ??= error;
        child.kill('SIGKILL');
      },
      onNotification,
    });
    const outputEnd = new Promise((resolve) => child.stdout.once('close', resolve));
    // Without its output it can answer nobody.
    child.stdout.once('end', () => void endChild(child, exit, limits.endTime));
    const over = (async (): Promise<ProviderProcessError> => {
      const how = await exit;
      // Its last answers may still be on their way; descendants may hold the pipe open.
      await within(outputEnd, limits.endTime);
      const reason =
        fault ?? new ProviderProcessError('provider_unavailable', `the provider process ${name} ended (${how})`);
      peer.fail(reason);
      return reason;
    })();
    return {
      peer,
      over,
      async end() {
        await endChild(child, exit, limits.endTime);
        await over;
      },
    };
  };
}
