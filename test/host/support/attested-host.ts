import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson } from '../../../src/acm/index.js';
import { entriesOfImaLog } from '../../../src/attestation/index.js';
import { fromBase64 } from '../../../src/base/index.js';
import type { CimInstancePath } from '../../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import { completed, listSystems, ManagedHost, outText } from '../../../src/client/management/index.js';
import { type ManagementVm, openManagementVm } from '../../../src/host/management-vm/index.js';
import {
  defaultPolicies,
  hostReferences,
  openVerifierHost,
  type VerifierHost,
  type VerifierHostOptions,
  workloadReferences,
} from '../../../src/host/verifier/index.js';

const namespace = 'root/tvdc';
const listen = [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }] as const;

/** A host with the sample datacenter on it, labelled, and a verifier of it; both serve on loopback. */
export class AttestedDatacenter {
  readonly folder: string;
  readonly management: ManagementVm;
  readonly host: ManagedHost;
  readonly verifier: VerifierHost;
  readonly verifierClient: WbemClient;
  readonly #closers: (() => Promise<unknown>)[];

  private constructor(
    folder: string,
    management: ManagementVm,
    host: ManagedHost,
    verifier: VerifierHost,
    verifierClient: WbemClient,
    closers: (() => Promise<unknown>)[],
  ) {
    this.folder = folder;
    this.management = management;
    this.host = host;
    this.verifier = verifier;
    this.verifierClient = verifierClient;
    this.#closers = closers;
  }

  static async open(options: Partial<VerifierHostOptions> = {}): Promise<AttestedDatacenter> {
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-attested-'));
    const management = await openManagementVm({
      folder: join(folder, 'host'),
      name: 'test-host',
      listen,
      vtpm: 'software',
      sample: true,
      destinations: ['127.0.0.1'],
    });
    const verifier = await openVerifierHost({
      folder: join(folder, 'verifier'),
      name: 'test-verifier',
      anchors: [{ certificate: management.trustAnchor, assurance: 'simulated' }],
      listen,
      lookInterval: 0,
      ...options,
    });
    const closers: (() => Promise<unknown>)[] = [];
    const clientOf = (url: string | undefined, password: string | null): WbemClient => {
      const transport = createHttpTransport({ url: url ?? '', user: 'admin', password: password ?? '' });
      closers.push(() => transport.close());
      return new WbemClient(transport, { namespace });
    };
    const client = clientOf(management.server.addresses[0]?.url, management.adminSecret);
    const verifierClient = clientOf(verifier.server.addresses[0]?.url, verifier.adminSecret);
    const host = new ManagedHost(client, namespace);
    const { policy } = await host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.0']), 'json');
    await host.deployPolicy(policy);
    await host.enablePolicy(policy);
    const labels = { 'ma-1': 'MA', 'ma-2': 'MA', 'ma-1-disk': 'MA', 'ma-2-disk': 'MA', 'vlan:100': 'MA' };
    for (const [name, label] of Object.entries(labels)) await host.assignLabel(name, label);
    await verifier.watch({ client, policies: defaultPolicies(null) });
    return new AttestedDatacenter(folder, management, host, verifier, verifierClient, closers);
  }

  /** The measurements of a system as its host shows them. */
  async log(system: string): Promise<Uint8Array> {
    const { host, vms } = await listSystems(this.host.client, namespace);
    const path = [host, ...vms].find(({ name, uuid }) => name === system || uuid === system)?.path as CimInstancePath;
    const link = { namespace, assocClass: 'TVDC_UseOfLog', resultClass: 'TVDC_MeasurementLog' };
    const log = (await this.host.client.associatorPaths(path, link).first()) as CimInstancePath;
    const asked = { StartIndex: 0n, MaxEntries: 0 };
    return fromBase64(
      outText(
        completed('GetMeasurements', await this.host.client.invoke(log, 'GetMeasurements', asked, { namespace })),
        'Data',
      ),
    );
  }

  /** Believes what the host and a VM have measured until now. */
  async believe(vm: string): Promise<void> {
    const { references } = this.verifier;
    for (const [set, system] of [
      [hostReferences, 'test-host'],
      [workloadReferences, vm],
    ] as const) {
      await references.createSet(set);
      await references.add(set, entriesOfImaLog(await this.log(system)));
    }
  }

  /** Asks the verifier over CIM. @returns status and reasons of the verdict, and its path */
  async attest(system: string, mode = 3) {
    const { host, vms } = await listSystems(this.host.client, namespace);
    const System = [host, ...vms].find(({ name }) => name === system)?.path as CimInstancePath;
    const service = (await this.verifierClient.instancePaths('TVDC_AttestationService').first()) as CimInstancePath;
    const out = completed('Attest', await this.verifierClient.invoke(service, 'Attest', { Mode: mode, System }));
    const path = out['Verdict'] as CimInstancePath;
    const verdict = await this.verifierClient.getInstance(path);
    return {
      path,
      service,
      status: verdict.getString('Verdict'),
      evidence: verdict.getString('Evidence'),
      reasons: (verdict.get('Reasons') as readonly string[] | null)?.map((text) => text.split(':')[0]) ?? [],
    };
  }

  async close(): Promise<void> {
    await this.verifier.close();
    for (const close of this.#closers) await close();
    await this.management.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
