import { type Command, Option } from 'commander';
import { assurances, type Verdict, verifyEvidenceBundle } from '../../attestation/index.js';
import { messageOf, TvdcError } from '../../base/index.js';
import { TransportError, type WbemClient } from '../../client/index.js';
import { listSystems, ManagedHost, type RoundMode } from '../../client/management/index.js';
import { defaultDataFolder } from '../../host/foundation/index.js';
import {
  carryOut,
  criticalityOf,
  defaultPolicies,
  hostReferences,
  type LocalVerifier,
  openLocalVerifier,
  parsePolicies,
  readAnchors,
  rootOf,
} from '../../host/verifier/index.js';
import { connect, isLocal, namespaceOf, outputForm, settingsOf, withConnection } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readText, writeBytes } from '../files.js';
import { print, printable, type Streams, toJson, writeRecords } from '../output/index.js';
import { untilSignal } from '../signals.js';
import { type AnchorOptions, saveHostAnchor } from './attest-anchor.js';
import type { AttestCommandOptions } from './attest-options.js';
import { type ReadyOptions, showReadiness } from './attest-ready.js';
import { acknowledgeThrough, attestThrough, historyThrough } from './attest-through.js';
import { recordOf, type VerdictRecord, verdictColumns } from './verdict-record.js';
import { challenged, signersIn, verifierFolder, withState } from './verifier-folder.js';

const modes: Readonly<Record<AttestCommandOptions['mode'], RoundMode>> = {
  quoted: 'quoted',
  asserted: 'host_asserted',
  vm: 'vm_only',
};
const defaultPause = 10;

/** Anchors named, or that of a host on this machine. The folder's own are believed besides. */
function anchorsOf(options: AttestCommandOptions) {
  if (options.anchor !== undefined) return readAnchors(options.anchor, options.assurance);
  const { url } = settingsOf(options);
  const own = url.startsWith('unix:') || isLocal(url) ? rootOf(options.data ?? defaultDataFolder()) : null;
  return own === null ? [] : readAnchors([own], options.assurance);
}

function openLocal(options: AttestCommandOptions): LocalVerifier {
  return openLocalVerifier(verifierFolder(options.state), { anchors: anchorsOf(options) });
}

type Verdicts = readonly { readonly name: string; readonly verdict: Verdict }[];

/** A round, and where the host does not answer what is known of it: the attempt is recorded. */
async function attestOrMiss(
  streams: Streams,
  local: LocalVerifier,
  client: WbemClient,
  system: string | null,
  options: AttestCommandOptions,
): Promise<Verdicts> {
  try {
    return await attestHere(local, client, system, options);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const all = await local.rounds.missed(settingsOf(options).url, error);
    if (options.watch === undefined || all.length === 0) throw error;
    streams.notes.write(`tvdc: ${messageOf(error)}\n`);
    return all.filter(
      ({ name, verdict }) => system === null || name === system || verdict.subject.uuid === system.toLowerCase(),
    );
  }
}

/** One round with this process as the challenging party. */
async function attestHere(
  local: LocalVerifier,
  client: WbemClient,
  system: string | null,
  options: AttestCommandOptions,
): Promise<Verdicts> {
  const namespace = namespaceOf(options);
  const { host, vms } = await listSystems(client, namespace);
  const named = [host, ...vms].find(
    ({ name, uuid }) => system === null || name === system || uuid === system.toLowerCase(),
  );
  if (named === undefined) throw new TvdcError('not_found', `no system ${system} on this host`);
  const issued = Date.now();
  const found = await local.rounds.attest(named.uuid, modes[options.mode]);
  const subjects = [
    { kind: 'host' as const, uuid: host.uuid, name: host.name },
    ...vms.map(({ uuid, name }) => ({ kind: 'vm' as const, uuid, name })),
  ];
  const verdicts = subjects.flatMap(({ kind, uuid, name }) => {
    const { verdict } = local.verifier.status({ kind, uuid });
    return verdict === null || verdict.issued < issued ? [] : [{ name, verdict }];
  });
  if (found !== null && verdicts.length === 0) return [found];
  return verdicts;
}

async function register(local: LocalVerifier, options: AttestCommandOptions): Promise<WbemClient> {
  const policies = options.policy === undefined ? defaultPolicies(null) : parsePolicies(readText(options.policy));
  const address = settingsOf(options).url;
  const client = await connect(options, challenged);
  local.rounds.add({ client, policies, namespace: namespaceOf(options), address });
  return client;
}

async function act(
  streams: Streams,
  local: LocalVerifier,
  client: WbemClient,
  verdicts: Verdicts,
  options: AttestCommandOptions,
): Promise<void> {
  const host = new ManagedHost(client, namespaceOf(options));
  const { vms } = await listSystems(client, namespaceOf(options));
  for (const { name, verdict } of verdicts) {
    const criticality = criticalityOf(vms.find(({ uuid }) => uuid === verdict.subject.uuid)?.criticality ?? null);
    const records = await carryOut(host, name, verdict, criticality, {
      now: Date.now(),
      dryRun: options.dryRun === true,
    });
    await local.recordActions(records);
    for (const { action, outcome, detail } of records)
      streams.notes.write(`${name}: ${action} ${outcome}: ${detail}\n`);
  }
}

async function show(streams: Streams, records: readonly VerdictRecord[], options: AttestCommandOptions): Promise<void> {
  await writeRecords(streams, outputForm(options), records, verdictColumns);
}

function pauseOf({ watch }: AttestCommandOptions): number {
  const seconds = watch === true || watch === undefined ? defaultPause : Number(watch);
  if (!(seconds > 0)) throw new UsageError(`--watch takes seconds, not "${String(watch)}"`);
  return seconds * 1000;
}

/** Repeats a round until the user ends it; a terminal shows the current state, other readers get every round. */
async function watching(
  streams: Streams,
  options: AttestCommandOptions,
  round: () => Promise<readonly VerdictRecord[]>,
): Promise<void> {
  const pause = pauseOf(options);
  const terminal = (streams.out as Partial<NodeJS.WriteStream>).isTTY === true && outputForm(options) === 'table';
  let over = false;
  const ended = untilSignal().then(() => (over = true));
  while (!over) {
    try {
      const records = await round();
      if (terminal)
        await print(streams, `\u001b[H\u001b[2J${new Date().toISOString()}  every ${pause / 1000} s; Ctrl-C ends\n\n`);
      await show(streams, records, options);
    } catch (error) {
      streams.notes.write(`tvdc: ${messageOf(error)}\n`);
    }
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, pause)))]);
    clearTimeout(timer);
  }
}

async function attestSystem(streams: Streams, system: string | null, options: AttestCommandOptions): Promise<void> {
  const local = options.verifier === undefined || options.act === true ? openLocal(options) : null;
  try {
    const client = local === null ? null : await register(local, options);
    const round = async (): Promise<readonly VerdictRecord[]> => {
      if (options.verifier !== undefined || local === null || client === null) {
        if (options.act === true)
          throw new UsageError('--act goes with a verifier of this process, without --verifier');
        return attestThrough(system, options);
      }
      const verdicts = await attestOrMiss(streams, local, client, system, options);
      if (options.act === true) await act(streams, local, client, verdicts, options);
      return verdicts.map(({ name, verdict }) =>
        recordOf(name, verdict, local.verifier.status(verdict.subject).lastTrusted),
      );
    };
    if (options.watch !== undefined) return await watching(streams, options, round);
    const records = await round();
    await show(streams, records, options);
    if (records.length === 0 || records.some(({ verdict }) => verdict !== 'trusted')) throw new Exit(exitStatus.no);
  } finally {
    await local?.close();
  }
}

interface HistoryOptions extends AttestCommandOptions {
  readonly limit: string;
  readonly export?: string;
  readonly to?: string;
  readonly actions?: boolean;
}

async function history(streams: Streams, system: string | null, options: HistoryOptions): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(`--limit takes a number, not "${options.limit}"`);
  if (options.verifier !== undefined) {
    await historyThrough(streams, system, limit, options);
    return;
  }
  const local = openLocalVerifier(verifierFolder(options.state));
  try {
    if (options.actions === true) {
      await writeRecords(streams, outputForm(options), local.actions().slice(0, limit), [
        ['TIME', (item) => new Date(item.time).toISOString()],
        ['SYSTEM', (item) => item.name],
        ['ACTION', (item) => item.action],
        ['OUTCOME', (item) => item.outcome],
        ['DETAIL', (item) => item.detail],
      ]);
      return;
    }
    const { verifier, rounds } = local;
    const subjects = verifier
      .subjects()
      .filter(
        (subject) => system === null || subject.uuid === system.toLowerCase() || rounds.nameOf(subject) === system,
      );
    if (system !== null && subjects.length === 0) throw new TvdcError('not_found', `no verdict on ${system} yet`);
    if (options.export !== undefined) {
      await exportOne(streams, local, options.export, options.to ?? '-', verifierFolder(options.state));
      return;
    }
    const records = subjects
      .flatMap((subject) => {
        const { lastTrusted } = verifier.status(subject);
        return verifier
          .history(subject, limit)
          .map((verdict) => recordOf(rounds.nameOf(subject), verdict, lastTrusted));
      })
      .sort((a, b) => (a.issued < b.issued ? 1 : -1))
      .slice(0, limit);
    await show(streams, records, options);
  } finally {
    await local.close();
  }
}

async function exportOne(
  streams: Streams,
  { verifier }: LocalVerifier,
  id: string,
  file: string,
  folder: string,
): Promise<void> {
  for (const subject of verifier.subjects()) {
    if (!verifier.history(subject, 1000).some((verdict) => verdict.id === id)) continue;
    const text = await verifier.exportEvidence(subject, id);
    if (text === null) throw new TvdcError('not_found', `no evidence is kept for the verdict ${id}`);
    writeBytes(`${folder}/evidence.pem`, await verifier.evidenceKey());
    if (file === '-') await print(streams, text);
    else writeBytes(file, text);
    return;
  }
  throw new TvdcError('not_found', `no verdict ${id}`);
}

/** Judges an exported file again. */
export async function verifyExported(
  streams: Streams,
  file: string,
  options: { readonly signer?: readonly string[]; readonly state?: string; readonly output?: string },
): Promise<void> {
  const signers =
    options.signer === undefined ? signersIn(verifierFolder(options.state)) : options.signer.map(readText);
  const found = await verifyEvidenceBundle(readText(file), { signers });
  if (outputForm(options, ['table', 'json']) === 'json') {
    await print(streams, `${toJson(found, 2)}\n`);
  } else {
    const lines = [found, ...(found.host === null ? [] : [found.host])].flatMap((one) => [
      `${one.subject}: ${one.verdict} (recorded: ${one.recorded}, ${new Date(one.issued).toISOString()}); ${one.covered} entries covered, ${one.pending} pending`,
      ...one.findings.map(
        ({ code, message, path }) => `  ${code}: ${message}${path === undefined ? '' : ` (${printable(path)})`}`,
      ),
    ]);
    await print(streams, `${lines.join('\n')}\n`);
  }
  if (found.verdict !== 'trusted') throw new Exit(exitStatus.no);
}

async function acknowledge(streams: Streams, system: string, options: AttestCommandOptions): Promise<void> {
  if (options.verifier !== undefined) {
    await print(streams, `${await acknowledgeThrough(system, options)}\n`);
    return;
  }
  const local = openLocalVerifier(verifierFolder(options.state));
  const { verifier, rounds } = local;
  try {
    const subject = verifier
      .subjects()
      .find((one) => one.uuid === system.toLowerCase() || rounds.nameOf(one) === system);
    const current = subject === undefined ? null : verifier.status(subject).verdict;
    if (subject === undefined || current === null) throw new TvdcError('not_found', `no verdict on ${system} yet`);
    if (!(await verifier.acknowledge(subject, current.id)))
      throw new TvdcError('refused', `there is nothing to acknowledge for ${system}`);
    await print(streams, `${system} is pending: the next round decides\n`);
  } finally {
    await local.close();
  }
}

function withVerifier(command: Command): Command {
  return withState(command)
    .option('--verifier <url>', 'ask this verifier instead of challenging from here')
    .option('--verifier-user <name>', 'account at the verifier (default admin, on the same machine)')
    .option('--verifier-password-file <file>', 'file with the secret of that account')
    .option('--verifier-cacert <file>', 'certificates that sign the verifier');
}

/** Adds to `tvdc attest` what talks to hosts and verifiers; the first command is the one that needs no word. */
export function addOnlineCommands(attest: Command, streams: Streams): void {
  withVerifier(withConnection(attest.command('system', { isDefault: true })))
    .argument('[system]', 'name or UUID of a virtual machine or of the host; left out: the host with all that run')
    .description(
      'challenge now and judge; status 0 only if all verdicts are trusted (the word "system" may be left out)',
    )
    .option('--anchor <file...>', "trust anchors (default: those in --state, and a local host's own root)")
    .addOption(
      new Option('--assurance <kind>', 'how strong what --anchor certifies is')
        .choices(assurances)
        .default('simulated'),
    )
    .option('--policy <file>', 'how hosts and VMs are judged, JSON (default: reference sets host and workload)')
    .addOption(
      new Option('--mode <mode>', 'evidence: quoted, asserted by the host, or the VM alone')
        .choices(Object.keys(modes))
        .default('quoted'),
    )
    .option('--act', 'carry out the planned actions over CIM and record them')
    .option('--dry-run', 'with --act: only say what would be done')
    .option('--watch [seconds]', 'repeat and show the current state')
    .action((system: string | undefined, options: AttestCommandOptions) =>
      attestSystem(streams, system ?? null, options),
    );
  withVerifier(withConnection(attest.command('history')))
    .argument('[system]', 'name or UUID')
    .description('verdicts, newest first, with the last success; exports their evidence')
    .option('--limit <number>', 'at most so many', '50')
    .option('--export <verdict>', 'write the signed evidence of this verdict')
    .option('--to <file>', 'where to', '-')
    .option('--actions', 'what was done about verdicts')
    .action((system: string | undefined, options: HistoryOptions) => history(streams, system ?? null, options));
  withVerifier(withConnection(attest.command('acknowledge')))
    .argument('<system>', 'name or UUID')
    .description('end the effect of an untrusted verdict: the next round decides, over the whole log')
    .action((system: string, options: AttestCommandOptions) => acknowledge(streams, system, options));
  withState(withConnection(attest.command('ready')))
    .description('what the host lacks to be attested: TPM, measured boot, IMA policy, our own code measured')
    .option('--set <set>', 'reference set that knows our package (see `tvdc reference own`)', hostReferences)
    .action((options: ReadyOptions) => showReadiness(streams, options));
  withState(withConnection(attest.command('anchor')))
    .description(
      "show the trust anchors that a host offers; --trust believes one from now on, after you compared its fingerprint with the host's own file DATA/ca/root/root.pem",
    )
    .option('--trust <sha256>', 'fingerprint of the certificate to believe')
    .addOption(
      new Option('--assurance <kind>', 'how strong what it certifies is').choices(assurances).default('simulated'),
    )
    .action((options: AnchorOptions) => saveHostAnchor(streams, options));
}
