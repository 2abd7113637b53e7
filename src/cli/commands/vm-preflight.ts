import type { Command } from 'commander';
import { messageOf, TvdcError } from '../../base/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { ManagedHost, StartForecast, VmDetails } from '../../client/management/index.js';
import {
  connectHost,
  type ConnectionOptions,
  outputForm,
  readConnections,
  settingsOf,
  withConnection,
} from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { print, type Streams, toJson } from '../output/index.js';

interface PreflightOptions extends ConnectionOptions {
  readonly on?: readonly string[];
  readonly here?: boolean;
}

/** A host's answer, or why there is none. */
type Row = Omit<StartForecast, 'wouldStart' | 'host'> & {
  readonly host: string;
  /** What the user calls it: URL or saved connection. */
  readonly at: string;
  /** Null: it could not be asked. */
  readonly wouldStart: boolean | null;
};

interface Place {
  readonly at: string;
  readonly options: ConnectionOptions;
}

/** Hosts that the user named, or all that are saved; what is said of the account counts for URLs only. */
function placesOf(options: PreflightOptions): readonly Place[] {
  if (options.here === true) return [];
  const { connections } = readConnections();
  const { data, timeout, output, user, passwordFile, cacert, cert, key, noverify, namespace } = options;
  const common = { ...(data === undefined ? {} : { data }), ...(timeout === undefined ? {} : { timeout }) };
  const account = Object.fromEntries(
    Object.entries({ user, passwordFile, cacert, cert, key, noverify, namespace, output }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as ConnectionOptions;
  const named = options.on ?? Object.keys(connections).sort();
  return named.map((at) =>
    Object.hasOwn(connections, at)
      ? { at, options: { ...common, connection: at } }
      : { at, options: { ...common, ...account, url: at } },
  );
}

async function forecast(origin: ManagedHost, vm: VmDetails, host: ManagedHost): Promise<StartForecast> {
  const { checkArrival, checkStart } = await import('../../client/management/index.js');
  const own = (await host.vms()).find(({ id }) => id === vm.id);
  return own === undefined ? checkArrival(origin, vm, host) : checkStart(host, own);
}

/** One host that does not answer does not keep the others from being asked. */
async function rowAt(
  place: Place,
  work: () => Promise<{ readonly id: string; readonly found: StartForecast } | null>,
): Promise<{ readonly id: string; readonly row: Row } | null> {
  try {
    const answer = await work();
    return answer === null ? null : { id: answer.id, row: { at: place.at, ...answer.found } };
  } catch (error) {
    if (!(error instanceof TvdcError)) throw error;
    const code = error instanceof CimError ? `cim_${error.status}` : String(error.code);
    const reasons = [{ code, sentence: messageOf(error) }];
    return { id: '', row: { at: place.at, host: place.at, home: false, wouldStart: null, reasons, warnings: [] } };
  }
}

function paint({ host, at, home, wouldStart, reasons, warnings }: Row): string {
  const outcome = wouldStart === null ? 'not known' : wouldStart ? 'would start' : 'would not start';
  const where = host === at ? at : `${host} (${at})`;
  return [
    `${where}${home ? ', its own host' : ''}: ${outcome}`,
    ...reasons.map(({ code, sentence }) => `  ${code}: ${sentence}`),
    ...warnings.map(({ code, sentence }) => `  warning, ${code}: ${sentence}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

async function preflight(streams: Streams, name: string, options: PreflightOptions): Promise<void> {
  const form = outputForm(options);
  const { checkStart, hostId, vmDetails } = await import('../../client/management/index.js');
  const settings = settingsOf(options);
  const places = placesOf(options);
  const origin = await connectHost(options);
  const vm = await vmDetails(origin, await origin.vm(name));
  const rows: Row[] = [{ at: settings.saved ?? settings.url, ...(await checkStart(origin, vm)) }];
  const seen = new Set([await hostId(origin)]);
  for (const place of places) {
    const answer = await rowAt(place, async () => {
      const host = await connectHost(place.options);
      const id = await hostId(host);
      return seen.has(id) ? null : { id, found: await forecast(origin, vm, host) };
    });
    if (answer === null) continue;
    seen.add(answer.id);
    rows.push(answer.row);
  }
  if (form === 'table') await print(streams, rows.map(paint).join(''));
  else if (form === 'json') await print(streams, `${toJson(rows, 2)}\n`);
  else await print(streams, rows.map((row) => `${toJson(row)}\n`).join(''));
  if (!rows.some(({ wouldStart }) => wouldStart === true)) throw new Exit(exitStatus.no);
}

/** `tvdc vm preflight`. */
export function addVmPreflight(vm: Command, streams: Streams): void {
  withConnection(vm.command('preflight'))
    .argument('<vm>', 'name or UUID')
    .description(
      'would it start: on its own host, and on the others that are known, with all that stands against it; changes nothing. ' +
        'Status 0 if one host would start it',
    )
    .option(
      '--on <host...>',
      'other hosts: saved connections, or URLs for the same account (default: all that are saved)',
    )
    .option('--here', 'only its own host')
    .action((name: string, options: PreflightOptions) => preflight(streams, name, options));
}
