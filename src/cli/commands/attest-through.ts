import { TvdcError } from '../../base/index.js';
import { createInstancePath, type CimInstance } from '../../cim/model/index.js';
import type { WbemClient } from '../../client/index.js';
import { completed, listSystems, outText } from '../../client/management/index.js';
import { connect, namespaceOf, outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { writeBytes } from '../files.js';
import { print, type Streams, writeRecords } from '../output/index.js';
import type { AttestCommandOptions } from './attest-options.js';
import type { VerdictSource } from './verdict-source.js';
import { recordOfInstance, type VerdictRecord, verdictColumns } from './verdict-record.js';
import { verifierFolder } from './verifier-folder.js';

const modes: Readonly<Record<AttestCommandOptions['mode'], number>> = { vm: 2, quoted: 3, asserted: 4 };
const verdictClass = 'TVDC_AttestationVerdict';

function verifierClient(options: VerdictSource): Promise<WbemClient> {
  const {
    verifier: url,
    verifierUser: user,
    verifierPasswordFile: passwordFile,
    verifierCacert: cacert,
    namespace,
    timeout,
  } = options;
  return connect({
    data: verifierFolder(options.state),
    ...(url === undefined ? {} : { url }),
    ...(user === undefined ? {} : { user }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(cacert === undefined ? {} : { cacert }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(timeout === undefined ? {} : { timeout }),
  });
}

async function serviceOf(client: WbemClient, namespace: string) {
  const service = await client.instancePaths('TVDC_AttestationService', { namespace }).first();
  if (service === undefined)
    throw new TvdcError('not_found', 'the server has no TVDC_AttestationService: it is no verifier');
  return service;
}

async function verdictsOf(client: WbemClient, namespace: string): Promise<readonly CimInstance[]> {
  return client.instances(verdictClass, { namespace }).toArray();
}

/** All verdicts that a verifier that serves has. */
export async function verdictsThrough(options: VerdictSource): Promise<readonly VerdictRecord[]> {
  const client = await verifierClient(options);
  return (await verdictsOf(client, namespaceOf(options))).map(recordOfInstance);
}

/** Path of a system by name or UUID; names are asked at the host, or known from earlier verdicts. */
async function systemPath(client: WbemClient, system: string | null, options: AttestCommandOptions) {
  const namespace = namespaceOf(options);
  if (system !== null) {
    const known = (await verdictsOf(client, namespace)).map(recordOfInstance);
    const uuid = known.find((item) => item.name === system)?.system ?? system.toLowerCase();
    if (/^[0-9a-f]{8}-/.test(uuid)) {
      const CreationClassName = 'TVDC_ComputerSystem';
      return createInstancePath(CreationClassName, { CreationClassName, Name: uuid }, { namespace });
    }
  }
  const { host, vms } = await listSystems(await connect(options), namespace);
  const found = [host, ...vms].find(({ name }) => system === null || name === system);
  if (found === undefined) throw new TvdcError('not_found', `no system ${system} on this host`);
  return found.path;
}

/** Has a verifier challenge a system; the verdicts of that round. */
export async function attestThrough(
  system: string | null,
  options: AttestCommandOptions,
): Promise<readonly VerdictRecord[]> {
  const client = await verifierClient(options);
  const namespace = namespaceOf(options);
  const System = await systemPath(client, system, options);
  const invoked = await client.invoke(
    await serviceOf(client, namespace),
    'Attest',
    { Mode: modes[options.mode], System },
    { namespace },
  );
  const { Verdict } = completed('Attest', invoked);
  if (typeof Verdict !== 'object' || Verdict === null || !('kind' in Verdict) || Verdict.kind !== 'instance-path') {
    throw new TvdcError('bad_answer', 'the verifier returned no verdict');
  }
  const own = recordOfInstance(await client.getInstance(Verdict, { namespace }));
  const all = (await verdictsOf(client, namespace)).map(recordOfInstance);
  const others = all.filter((item) => item.hostVerdict === own.id || item.id === own.hostVerdict);
  return [own, ...others];
}

/** History of a verifier that serves. */
export async function historyThrough(
  streams: Streams,
  system: string | null,
  limit: number,
  options: AttestCommandOptions & { readonly export?: string; readonly to?: string; readonly actions?: boolean },
): Promise<void> {
  if (options.actions === true) throw new UsageError('--actions shows what was done from here, without --verifier');
  const client = await verifierClient(options);
  const namespace = namespaceOf(options);
  if (options.export !== undefined) {
    const Verdict = createInstancePath(verdictClass, { InstanceID: `TVDC:verdict:${options.export}` }, { namespace });
    const invoked = await client.invoke(
      await serviceOf(client, namespace),
      'ExportEvidence',
      { Verdict },
      { namespace },
    );
    const document = outText(completed('ExportEvidence', invoked), 'Document');
    if (options.to === undefined || options.to === '-') await print(streams, document);
    else writeBytes(options.to, document);
    return;
  }
  const all = (await verdictsOf(client, namespace)).map(recordOfInstance);
  const wanted = all.filter((item) => system === null || item.name === system || item.system === system.toLowerCase());
  const lastTrusted = (uuid: string): string | null =>
    all
      .filter((item) => item.system === uuid && item.verdict === 'trusted')
      .map(({ issued }) => issued)
      .sort()
      .at(-1) ?? null;
  const records = wanted
    .sort((a, b) => (a.issued < b.issued ? 1 : -1))
    .slice(0, limit)
    .map((item) => ({ ...item, lastTrusted: lastTrusted(item.system) }));
  await writeRecords(streams, outputForm(options), records, verdictColumns);
}

/** Acknowledges the current verdict at a verifier that serves. @returns a sentence */
export async function acknowledgeThrough(system: string, options: AttestCommandOptions): Promise<string> {
  const client = await verifierClient(options);
  const namespace = namespaceOf(options);
  const known = (await verdictsOf(client, namespace)).map(recordOfInstance);
  const current = known
    .filter((item) => item.name === system || item.system === system.toLowerCase())
    .sort((a, b) => (a.issued < b.issued ? 1 : -1))[0];
  if (current === undefined) throw new TvdcError('not_found', `no verdict on ${system} yet`);
  const Verdict = createInstancePath(verdictClass, { InstanceID: `TVDC:verdict:${current.id}` }, { namespace });
  completed(
    'Acknowledge',
    await client.invoke(await serviceOf(client, namespace), 'Acknowledge', { Verdict }, { namespace }),
  );
  return `${system} is pending: the next round decides`;
}
