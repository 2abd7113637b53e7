import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { policyModes } from '../../acm/index.js';
import { defaultDataFolder, secretFile } from '../../host/foundation/index.js';
import { createProcessLog } from '../../host/log/index.js';
import { openManagementVm, vtpmChoices, type VtpmChoice } from '../../host/management-vm/index.js';
import { listenersOf } from '../../host/front/index.js';
import { readProviderFile } from '../../host/provider-files/index.js';
import { UsageError } from '../exit.js';
import { processStreams } from '../output/index.js';
import { parseSize } from '../sizes.js';
import { untilSignal } from '../signals.js';
import { withSealing } from './vtpm-state.js';

interface Options {
  readonly data?: string;
  readonly listen: string;
  readonly httpPort: string;
  readonly httpsPort: string;
  readonly vtpm: VtpmChoice;
  readonly sealTpm: string;
  readonly sealPcrs?: string;
  readonly mode?: (typeof policyModes)[number];
  readonly sample?: boolean;
  readonly name?: string;
  readonly allowDestination?: readonly string[];
  readonly peers?: string;
  readonly embeddedDelay?: string;
  readonly cacheSize?: string;
  readonly gzip: boolean;
  readonly provider?: readonly string[];
}

/** @throws UsageError */
export function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new UsageError(`${option} takes a port from 0 to 65535, not "${text}"`);
  return port;
}

function delayOf(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new UsageError(`--embedded-delay takes milliseconds, not "${text}"`);
  return Number(text);
}

async function serve(options: Options): Promise<void> {
  // Volumes are named by their whole path.
  const folder = resolve(options.data ?? defaultDataFolder());
  const httpPort = portOf(options.httpPort, '--http-port');
  const httpsPort = portOf(options.httpsPort, '--https-port');
  const host = await openManagementVm({
    folder,
    ...(options.name === undefined ? {} : { name: options.name }),
    listen: () => listenersOf({ folder, host: options.listen, httpPort, httpsPort }),
    vtpm: options.vtpm,
    sealTpm: options.sealTpm,
    ...(options.sealPcrs === undefined ? {} : { sealPcrs: options.sealPcrs }),
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.allowDestination === undefined ? {} : { destinations: options.allowDestination }),
    gzip: options.gzip,
    ...(options.peers === undefined ? {} : { peers: options.peers }),
    providerFiles: (options.provider ?? []).map(readProviderFile),
    ...(options.embeddedDelay === undefined ? {} : { embeddedDelay: delayOf(options.embeddedDelay) }),
    ...(options.cacheSize === undefined ? {} : { cacheBytes: parseSize(options.cacheSize, '--cache-size') }),
    sample: options.sample === true,
    log: createProcessLog(),
  });
  const { notes } = processStreams;
  notes.write(`tvdc serves host ${host.parts.identity.name} (${host.parts.identity.uuid}) at\n`);
  for (const address of host.server.addresses) notes.write(`  ${address.url}\n`);
  notes.write(`account admin, secret in ${secretFile(folder, 'admin')}; stop with Ctrl-C\n`);
  await untilSignal();
  notes.write('stopping …\n');
  await host.close();
}

export function serveCommand(): Command {
  return withSealing(new Command('serve'))
    .description('the object manager of this host: CIM-XML over HTTP and HTTPS')
    .option('--data <folder>', 'where the host keeps its state (TVDC_DATA)')
    .option('--name <name>', "name of a new host (default: the machine's)")
    .option('--listen <address>', 'address; others than loopback get HTTPS only', '127.0.0.1')
    .option('--http-port <port>', '0: no HTTP', '5988')
    .option('--https-port <port>', '0: no HTTPS', '5989')
    .addOption(new Option('--vtpm <kind>', 'what virtual TPMs are made of').choices(vtpmChoices).default('auto'))
    .addOption(new Option('--mode <mode>', 'how the reference monitor decides').choices(policyModes))
    .option('--allow-destination <host...>', 'hosts besides this one that may receive indications')
    .option('--provider <file...>', 'providers in processes of their own (docs/providers.md)')
    .option('--no-gzip', 'never compress answers, even for clients that ask')
    .option('--peers <file>', 'hosts with which virtual machines may be exchanged (default: DIR/peers.json)')
    .option('--cache-size <size>', 'stored instances that are kept in memory, at most (default: 64M)')
    .option('--embedded-delay <ms>', 'time that the embedded hypervisor takes for a change, to try what takes long')
    .option('--sample', 'put the sample datacenter on an empty host')
    .action(serve);
}
