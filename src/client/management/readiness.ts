import { type HashAlgorithm, hashAlgorithms, messageOf, systemRandomness, toHex } from '../../base/index.js';
import { type CimInstance, stringKey } from '../../cim/index.js';
import type { ReferenceDatabase, ReferenceQuery } from '../../attestation/index.js';
import { bootAggregateName, decodeEventLog, decodeImaFields, decodeImaLog } from '../../tpm/logs/index.js';
import type { WbemClient } from '../wbem/index.js';
import { type FetchedEvidence, RemoteTpm } from './evidence.js';
import { listSystems } from './systems.js';

/** What a host needs before anything of it can be trusted. */
export const readinessNames = [
  'tpm',
  'endorsement_certificate',
  'attestation_key',
  'measured_boot',
  'ima',
  'ima_policy',
  'interpreter_measured',
  'own_code_measured',
  'isolation_measured',
] as const;
export type ReadinessName = (typeof readinessNames)[number];

export interface ReadinessItem {
  readonly name: ReadinessName;
  readonly ready: boolean;
  /** What was found, or what to do about it. */
  readonly detail: string;
}

/** Whether a host can be attested. What it says here is not proven: the verdict is. */
export interface HostReadiness {
  readonly host: string;
  readonly uuid: string;
  readonly items: readonly ReadinessItem[];
  readonly missing: readonly ReadinessName[];
}

const firmwarePcrs = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** The interpreter, and a file of our own that every management VM loads. */
const interpreter = /\/(node|nodejs)$/;
const ownCode = /\/tvdc\/(?:.*\/)?[^/]+\.m?js$/;

async function ask(tpm: RemoteTpm): Promise<FetchedEvidence> {
  return tpm.evidence(systemRandomness.bytes(32), 'sha256:0-10,13', 0);
}

function bootItem({ evidence }: FetchedEvidence): Omit<ReadinessItem, 'name'> {
  if (evidence.eventLog === undefined)
    return { ready: false, detail: 'no event log: boot with a TPM-aware firmware and loader' };
  try {
    const measured = new Set(decodeEventLog(evidence.eventLog).events.map(({ pcr }) => pcr));
    const without = firmwarePcrs.filter((pcr) => !measured.has(pcr));
    if (without.length > 0) return { ready: false, detail: `nothing was measured into PCR ${without.join(', ')}` };
    return {
      ready: true,
      detail: `firmware and loader measured into PCRs ${[...measured].sort((a, b) => a - b).join(', ')}`,
    };
  } catch (error) {
    return { ready: false, detail: `the event log cannot be read: ${messageOf(error)}` };
  }
}

type Measured = ReferenceQuery & { readonly violation: boolean };

function measuredOf({ evidence }: FetchedEvidence): readonly Measured[] {
  return decodeImaLog(evidence.measurements.data).map((entry) => {
    const { digest, path } = decodeImaFields(entry);
    const algorithm = digest.algorithm as HashAlgorithm;
    return { algorithm, digest: toHex(digest.value), path, violation: entry.violation };
  });
}

/** The reference measurements of our package, where there are some: they tell which files of the log are ours, and how they are. */
export interface OwnReferences {
  readonly references: ReferenceDatabase;
  readonly sets: readonly string[];
}

const packageName = 'tvdc';
const adviceOnRule = 'add the rules that `tvdc reference own --ima-policy` writes';

async function ownItem(files: readonly Measured[], own: OwnReferences | null): Promise<ReadinessItem> {
  const name = 'own_code_measured';
  const asked = files.filter(({ algorithm }) => hashAlgorithms.includes(algorithm));
  const answers = own === null ? [] : await own.references.lookup(own.sets, asked);
  const versions = new Map<string, number>();
  answers.forEach(({ matches }) => {
    const found = matches.find((entry) => entry.package === packageName && entry.status === 'good');
    if (found !== undefined) versions.set(found.version ?? '?', (versions.get(found.version ?? '?') ?? 0) + 1);
  });
  const other = asked.find(({ path }, at) => {
    const answer = answers[at];
    return ownCode.test(path) && answer?.pathListed === true && answer.matches.length === 0;
  });
  if (other !== undefined)
    return { name, ready: false, detail: `${other.path} is not as in the reference measurements` };
  if (versions.size > 0) {
    const texts = [...versions].map(([version, count]) => `${count} files of ${packageName} ${version}`);
    return { name, ready: true, detail: `${texts.join(', ')}, as in the reference measurements` };
  }
  const like = files.filter(({ path }) => ownCode.test(path)).length;
  if (like === 0)
    return { name, ready: false, detail: `the default policy leaves out files that a service reads: ${adviceOnRule}` };
  return {
    name,
    ready: true,
    detail: `${like} files that look like ours; \`tvdc reference own SET\` makes the references that tell`,
  };
}

async function logItems(fetched: FetchedEvidence, own: OwnReferences | null): Promise<ReadinessItem[]> {
  let measured: readonly Measured[];
  try {
    measured = measuredOf(fetched);
  } catch (error) {
    return [{ name: 'ima', ready: false, detail: `the measurement log cannot be read: ${messageOf(error)}` }];
  }
  const begins = measured[0]?.path === bootAggregateName;
  const files = measured.filter(({ path, violation }) => path !== bootAggregateName && !violation);
  const interpreters = files.filter(({ path }) => interpreter.test(path));
  return [
    {
      name: 'ima',
      ready: begins,
      detail: begins ? 'the log begins with boot_aggregate' : 'no boot_aggregate: IMA is not on',
    },
    {
      name: 'ima_policy',
      ready: files.length > 0,
      detail:
        files.length > 0
          ? `${files.length} files measured`
          : 'nothing is measured: boot with ima_policy=tcb or load one',
    },
    {
      name: 'interpreter_measured',
      ready: interpreters.length > 0,
      detail: interpreters[0]?.path ?? 'the interpreter is not in the log',
    },
    await ownItem(files, own),
  ];
}

/**
 * Names what a host lacks to be attested: TPM, measured boot, IMA policy, our own code measured.
 * @param own references that know our package (`tvdc reference own`); null: files are told by their names alone
 * @throws CimError, ReferenceError
 */
export async function checkReadiness(
  client: WbemClient,
  namespace = 'root/tvdc',
  own: OwnReferences | null = null,
): Promise<HostReadiness> {
  const { host } = await listSystems(client, namespace);
  const isHosts = (item: CimInstance): boolean =>
    item.path !== null && stringKey(item.path, 'SystemName') === host.uuid;
  const found = (await client.instances('TVDC_TPM', { namespace }).toArray()).find(isHosts);
  const items: ReadinessItem[] = [];
  if (found === undefined || found.path === null) {
    items.push({ name: 'tpm', ready: false, detail: 'the host shows no TPM of its own' });
  } else {
    items.push({
      name: 'tpm',
      ready: true,
      detail: `TPM ${found.getString('Family') ?? ''}, root of trust: ${found.getString('RootOfTrust') ?? 'unknown'}`,
    });
    const tpm = new RemoteTpm(client, found.path, namespace);
    const identity = await tpm.identity();
    const certificates = identity.ekCertificateChain.length;
    items.push(
      { name: 'endorsement_certificate', ready: certificates > 0, detail: `${certificates} certificates in the chain` },
      {
        name: 'attestation_key',
        ready: identity.akPublic.length > 0,
        detail: `${identity.akPublic.length} octets of TPMT_PUBLIC`,
      },
    );
    const fetched = await ask(tpm);
    items.push({ name: 'measured_boot', ...bootItem(fetched) }, ...(await logItems(fetched, own)));
    const isolation = fetched.evidence.isolationLog !== undefined;
    items.push({
      name: 'isolation_measured',
      ready: isolation,
      detail: isolation ? 'the enforced policy is stated in PCR 13' : 'the host does not state its policy in PCR 13',
    });
  }
  const known = new Map(items.map((item) => [item.name, item]));
  const all = readinessNames.map(
    (name): ReadinessItem => known.get(name) ?? { name, ready: false, detail: 'cannot be told without the above' },
  );
  return {
    host: host.name,
    uuid: host.uuid,
    items: all,
    missing: all.filter(({ ready }) => !ready).map(({ name }) => name),
  };
}
