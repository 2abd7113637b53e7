import { Command, Option } from 'commander';
import { z } from 'zod';
import { type Assurance, assurances } from '../../attestation/index.js';
import { describeIssues, messageOf } from '../../base/index.js';
import { secretFile } from '../../host/foundation/index.js';
import { listenersOf } from '../../host/front/index.js';
import { createProcessLog } from '../../host/log/index.js';
import {
  type AttestedHost,
  defaultPolicies,
  openVerifierHost,
  parsePolicies,
  readAnchors,
  storedAnchors,
} from '../../host/verifier/index.js';
import { splitRevocationLists } from '../../vtpm/certificates/index.js';
import { connect, type ConnectionOptions } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readBytes, readText, writeBytes } from '../files.js';
import type { Streams } from '../output/index.js';
import { untilSignal } from '../signals.js';
import { portOf } from './serve.js';
import { challenged, verifierFolder } from './verifier-folder.js';

interface Options {
  readonly data?: string;
  readonly name?: string;
  readonly listen: string;
  readonly httpPort: string;
  readonly httpsPort: string;
  readonly host?: readonly string[];
  readonly hostUser?: string;
  readonly hostPasswordFile?: string;
  readonly hostCacert?: string;
  readonly config?: string;
  readonly anchor?: readonly string[];
  readonly assurance: Assurance;
  readonly crl?: readonly string[];
  readonly policy?: string;
  readonly agent?: readonly string[];
  readonly noticeAddress: string;
  readonly noticePort: string;
  readonly lookEvery: string;
  readonly destination?: readonly string[];
}

const configuration = z.strictObject({
  hosts: z
    .array(
      z.strictObject({
        url: z.string(),
        user: z.string().optional(),
        passwordFile: z.string().optional(),
        cacert: z.string().optional(),
        cert: z.string().optional(),
        key: z.string().optional(),
        namespace: z.string().optional(),
        data: z.string().optional(),
        policy: z.string().optional(),
      }),
    )
    .default([]),
  anchors: z
    .array(z.strictObject({ file: z.string(), assurance: z.enum(assurances).default('simulated') }))
    .default([]),
  agents: z.array(z.string()).default([]),
  destinations: z.array(z.string()).default([]),
});

/** @throws UsageError */
function readConfiguration(file: string | undefined): z.infer<typeof configuration> {
  if (file === undefined) return configuration.parse({});
  try {
    return configuration.parse(JSON.parse(readText(file)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file}: ${error instanceof z.ZodError ? describeIssues(error.issues) : messageOf(error)}`);
  }
}

type ManagedHostOptions = { readonly url: string } & {
  readonly [Name in 'user' | 'passwordFile' | 'cacert' | 'cert' | 'key' | 'namespace' | 'data' | 'policy']?:
    | string
    | undefined;
};

/** A host to be watched; its policy file, or that of all. */
async function attestedHost(
  { policy, ...connection }: ManagedHostOptions,
  common: string | undefined,
): Promise<AttestedHost> {
  const known = Object.fromEntries(
    Object.entries(connection).filter(([, value]) => value !== undefined),
  ) as ConnectionOptions;
  const file = policy ?? common;
  return {
    client: await connect(known, challenged),
    address: connection.url,
    policies: file === undefined ? defaultPolicies(null) : parsePolicies(readText(file)),
    ...(connection.namespace === undefined ? {} : { namespace: connection.namespace }),
  };
}

function revocationListsOf(files: readonly string[]): readonly Uint8Array[] {
  return files.flatMap((file) => splitRevocationLists(readBytes(file)));
}

async function serve(streams: Streams, options: Options): Promise<void> {
  const folder = verifierFolder(options.data);
  const config = readConfiguration(options.config);
  const seconds = Number(options.lookEvery);
  if (!(seconds >= 0)) throw new UsageError(`--look-every takes seconds, not "${options.lookEvery}"`);
  const anchors = [
    ...storedAnchors(folder),
    ...readAnchors(options.anchor ?? [], options.assurance),
    ...config.anchors.flatMap(({ file, assurance }) => readAnchors([file], assurance)),
  ];
  const hosts: ManagedHostOptions[] = [
    ...config.hosts,
    ...(options.host ?? []).map((url) => ({
      url,
      user: options.hostUser,
      passwordFile: options.hostPasswordFile,
      cacert: options.hostCacert,
    })),
  ];
  const listen = await listenersOf({
    folder,
    host: options.listen,
    httpPort: portOf(options.httpPort, '--http-port'),
    httpsPort: portOf(options.httpsPort, '--https-port'),
  });
  const noticePort = portOf(options.noticePort, '--notice-port');
  const verifier = await openVerifierHost({
    folder,
    ...(options.name === undefined ? {} : { name: options.name }),
    anchors,
    revocationLists: revocationListsOf(options.crl ?? []),
    listen,
    destinations: [...config.destinations, ...(options.destination ?? [])],
    lookInterval: seconds * 1000,
    notices: { host: options.noticeAddress, port: noticePort },
    log: createProcessLog(),
  });
  const { notes } = streams;
  try {
    writeBytes(`${folder}/evidence.pem`, await verifier.verifier.evidenceKey());
    for (const vm of [...config.agents, ...(options.agent ?? [])]) {
      const { user } = await verifier.addAgent(vm);
      notes.write(`agent account ${user}, secret in ${secretFile(folder, user)}\n`);
    }
    notes.write('tvdc verifier serves at\n');
    for (const address of verifier.server.addresses) notes.write(`  ${address.url}\n`);
    notes.write(`account admin, secret in ${secretFile(folder, 'admin')}; ${anchors.length} trust anchors\n`);
    // A host that hangs keeps none of the others waiting.
    await Promise.all(
      hosts.map(async (host) => {
        const told = await verifier.watch(await attestedHost(host, options.policy));
        notes.write(`watches ${host.url}${told ? '' : ` by looking every ${seconds} s`}\n`);
      }),
    );
    notes.write('stop with Ctrl-C\n');
    await untilSignal();
    notes.write('stopping …\n');
  } finally {
    await verifier.close();
  }
}

const example = `
The configuration, JSON: { "hosts": [{ "url", "user", "passwordFile", "cacert", "cert", "key", "namespace", "policy" }],
  "anchors": [{ "file", "assurance" }], "agents": ["UUID of a VM"], "destinations": ["host of a listener"] }`;

export function verifierCommand(streams: Streams): Command {
  const verifier = new Command('verifier').description("the verifier's object manager");
  verifier
    .command('serve')
    .description('challenge hosts on demand, publish verdicts, raise TVDC_IntegrityAlert')
    .option('--data <folder>', 'where the verifier keeps its state (TVDC_VERIFIER_DATA)')
    .option('--name <name>', 'name of a new verifier')
    .option('--listen <address>', 'address; others than loopback get HTTPS only', '127.0.0.1')
    .option('--http-port <port>', '0: no HTTP', '5990')
    .option('--https-port <port>', '0: no HTTPS', '5991')
    .option('--host <url...>', 'hosts to attest')
    .option('--host-user <name>', 'account at these hosts (role observer is enough)')
    .option('--host-password-file <file>', 'file with the secret of that account')
    .option('--host-cacert <file>', 'certificates that sign these hosts')
    .option('--config <file>', 'hosts, anchors, agents as JSON')
    .option('--anchor <file...>', 'trust anchors, PEM or DER (besides those that `tvdc attest anchor --trust` kept)')
    .addOption(
      new Option('--assurance <kind>', 'how strong what --anchor certifies is')
        .choices(assurances)
        .default('simulated'),
    )
    .option('--crl <file...>', 'revocation lists besides those that the hosts give: PEM or DER')
    .option('--policy <file>', 'how hosts and VMs are judged, JSON')
    .option('--agent <uuid...>', 'virtual machines whose agents may push measurements')
    .option('--notice-address <address>', 'where indications of the hosts arrive', '127.0.0.1')
    .option('--notice-port <port>', '0: any free port', '0')
    .option('--look-every <seconds>', 'how often hosts are looked at for changes; 0: never', '5')
    .option('--destination <host...>', 'where indications of the verifier may go')
    .addHelpText('after', example)
    .action((options: Options) => serve(streams, options));
  return verifier;
}
