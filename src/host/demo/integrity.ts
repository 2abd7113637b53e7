import { entriesOfImaLog, plannedActions, type Verdict } from '../../attestation/index.js';
import { fromBase64 } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import { completed, type ManagedHost, outText } from '../../client/management/index.js';
import type { WbemClient } from '../../client/index.js';
import { hostReferences, type VerifierHost, workloadReferences } from '../verifier/index.js';
import type { DemoProgress, DemoStep, DemoVerdict } from './report.js';
import { Scene } from './scene.js';

export interface IntegrityCast {
  readonly host: ManagedHost;
  /** A client of the verifier's object manager. */
  readonly verifierClient: WbemClient;
  readonly verifier: VerifierHost;
  /** Waits for an indication of a class that the listener received. */
  waitForAlert(className: string, about: (alert: CimInstance) => boolean): Promise<CimInstance>;
}

export interface IntegrityResult {
  readonly steps: readonly DemoStep[];
  readonly verdicts: readonly DemoVerdict[];
}

const criticalityNames = { 2: 'low', 3: 'normal', 4: 'high' } as const;

/** Section 3.2: the management stack challenges host and VMs, compares with references, raises an alert, acts. */
export async function showIntegrity(cast: IntegrityCast, progress: DemoProgress): Promise<IntegrityResult> {
  const scene = new Scene('integrity', progress);
  await certificates(scene, cast);
  await references(scene, cast);
  await scene.prepare('start ma-2, whose image was changed after the trusted run', () =>
    cast.host.requestState('ma-2', 'start'),
  );
  const verdicts = await attest(scene, cast);
  await receiveAlert(scene, cast);
  await act(scene, cast, verdicts.get('ma-2'));
  return {
    steps: scene.steps,
    verdicts: [...verdicts].map(([name, verdict]) => shown(name, verdict)),
  };
}

function shown(name: string, verdict: Verdict): DemoVerdict {
  return {
    name,
    verdict: verdict.status,
    assurance: verdict.assurance,
    covered: verdict.covered,
    reasons: verdict.reasons
      .filter((item) => item.kind !== 'note')
      .map((item) => `${item.code}${item.path === undefined ? '' : ` ${item.path}`}`),
  };
}

async function certificates(scene: Scene, { host }: IntegrityCast): Promise<void> {
  await scene.find('every virtual TPM has an EK certificate of the datacenter', async () => {
    const tpms = await host.client.instancePaths('TVDC_VirtualTPM', { namespace: host.namespace }).toArray();
    let issuer = '';
    let found = 0;
    for (const tpm of tpms) {
      const certificate = await host.client
        .associators(tpm, { assocClass: 'TVDC_CredentialContext', namespace: host.namespace })
        .first();
      if (certificate === undefined) continue;
      found++;
      issuer = certificate.getString('IssuerName') ?? '';
    }
    return {
      outcome: `${found} of ${tpms.length}`,
      sentence: `issued by ${issuer}`,
      asExpected: found === tpms.length && found > 0,
    };
  });
}

async function measurements(host: ManagedHost, system: string): Promise<Uint8Array> {
  const logs = await host.client.instancePaths('TVDC_MeasurementLog', { namespace: host.namespace }).toArray();
  const log = logs.find((path) => (stringKey(path, 'InstanceID') ?? '').endsWith(system));
  if (log === undefined) return new Uint8Array(0);
  const out = completed(
    'GetMeasurements',
    await host.client.invoke(log, 'GetMeasurements', { StartIndex: 0n, MaxEntries: 0 }, { namespace: host.namespace }),
  );
  return fromBase64(outText(out, 'Data'));
}

/** The first run of ma-1, straight from its installation, is believed; so is the host's own boot. */
async function references(scene: Scene, { host, verifier }: IntegrityCast): Promise<void> {
  const importRun = async (set: string, system: string): Promise<number> => {
    const entries = entriesOfImaLog(await measurements(host, system), { source: 'trusted run' });
    await verifier.references.createSet(set);
    return verifier.references.add(set, entries);
  };
  await scene.prepare(
    'take reference measurements from a trusted run of ma-1',
    async () => importRun(workloadReferences, (await host.vm('ma-1')).id),
    (count) => `${count} files`,
  );
  await scene.prepare(
    'take reference measurements of the host',
    async () => importRun(hostReferences, (await host.system()).getString('Name') ?? ''),
    (count) => `${count} files`,
  );
  await scene.prepare('boot ma-1 anew', () => host.requestState('ma-1', 'reset'));
}

async function attest(scene: Scene, cast: IntegrityCast): Promise<ReadonlyMap<string, Verdict>> {
  const { verifier, verifierClient, host } = cast;
  const system = (await host.system()).path as CimInstancePath;
  const verdicts = new Map<string, Verdict>();
  await scene.prepare(
    'bind the attestation keys and challenge host and VMs with one nonce',
    async () => {
      const service = await verifierClient
        .instancePaths('TVDC_AttestationService', { namespace: host.namespace })
        .first();
      if (service === undefined) throw new Error('the verifier has no TVDC_AttestationService');
      const out = completed(
        'Attest',
        await verifierClient.invoke(service, 'Attest', { Mode: 3, System: system }, { namespace: host.namespace }),
      );
      return outText(out, 'Explanation');
    },
    (sentence) => sentence,
  );
  const published = await verifierClient.instances('TVDC_AttestationVerdict', { namespace: host.namespace }).toArray();
  const expected: Readonly<Record<string, string>> = { 'ma-1': 'trusted', 'ma-2': 'untrusted' };
  const hostName = (await host.system()).getString('ElementName') ?? '';
  for (const subject of verifier.verifier.subjects()) {
    const { verdict } = verifier.verifier.status(subject);
    if (verdict === null) continue;
    const name = verifier.nameOf(subject);
    verdicts.set(name, verdict);
    const wanted = name === hostName ? 'trusted' : (expected[name] ?? verdict.status);
    await scene.find(`the verifier's verdict on ${name}`, async () => {
      const record = published.find((item) => (item.getString('InstanceID') ?? '').endsWith(verdict.id));
      const reasons = record?.get('Reasons');
      const first =
        Array.isArray(reasons) && reasons.length > 0
          ? String(reasons[0])
          : `${verdict.covered} measurements match their references`;
      const named = wanted !== 'untrusted' || verdict.reasons.some((item) => item.path === '/srv/workload/start.sh');
      return {
        outcome: record?.getString('Verdict') ?? 'not published',
        sentence: first,
        asExpected: record?.getString('Verdict') === wanted && named,
      };
    });
  }
  return verdicts;
}

async function receiveAlert(scene: Scene, cast: IntegrityCast): Promise<void> {
  await scene.find('the listener receives the alert', async () => {
    const alert = await cast.waitForAlert('TVDC_IntegrityAlert', (item) =>
      (item.getString('Message') ?? '').includes('ma-2'),
    );
    const outcome = alert.getString('MessageID') ?? '';
    return { outcome, sentence: alert.getString('Message') ?? '', asExpected: outcome === 'TVDC0401' };
  });
}

async function act(scene: Scene, { host }: IntegrityCast, verdict: Verdict | undefined): Promise<void> {
  await scene.find('carry out the planned action', async () => {
    if (verdict === undefined) return { outcome: 'nothing', sentence: 'there is no verdict', asExpected: false };
    const vm = await host.vm('ma-2');
    const criticality =
      (criticalityNames as Readonly<Record<number, 'low' | 'normal' | 'high'>>)[vm.criticality ?? 3] ?? 'normal';
    const actions = plannedActions(verdict, criticality).map((action) => action.kind);
    if (actions.includes('stop')) await host.requestState('ma-2', 'stop');
    const { state } = await host.vm('ma-2');
    return {
      outcome: state,
      sentence: `criticality ${criticality}: ${actions.join(', ')}`,
      asExpected: state === 'off',
    };
  });
}
