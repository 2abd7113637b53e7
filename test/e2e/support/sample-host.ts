import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson } from '../../../src/acm/index.js';
import { silentLog } from '../../../src/base/index.js';
import { ManagedHost } from '../../../src/client/management/index.js';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import { ensureAccount } from '../../../src/host/foundation/index.js';
import { type ManagementVm, openManagementVm, type VtpmChoice } from '../../../src/host/management-vm/index.js';
import { createRecordingProxy, type RecordingProxy } from './recording-proxy.js';

export const namespace = 'root/tvdc';
export const datacenter = 'tvdc';

/** A user of a sample host, with a client of their own. */
export interface SampleUser {
  readonly name: string;
  readonly secret: string;
  readonly client: WbemClient;
  readonly host: ManagedHost;
}

/** The sample datacenter on a loopback port, with policy 1.0, labels and domains. */
export interface SampleHost {
  readonly vm: ManagementVm;
  /** Where the object manager itself listens. */
  readonly url: string;
  /** Stands before the object manager and keeps every body that it answered. */
  readonly proxy: RecordingProxy;
  readonly folder: string;
  readonly admin: SampleUser;
  /** An account without any role. */
  user(name: string): Promise<SampleUser>;
  close(): Promise<void>;
}

export interface SampleHostOptions {
  readonly folder?: string;
  readonly vtpm?: VtpmChoice;
  /** Milliseconds before work becomes a job, and that the drivers take. */
  readonly jobPatience?: number;
  readonly embeddedDelay?: number;
}

/** Opens a management VM with the sample on it; everything else is left as installed. */
export async function openSampleHost(options: SampleHostOptions = {}): Promise<SampleHost> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tvdc-e2e-')));
  const closers: (() => Promise<unknown>)[] = [];
  if (options.folder === undefined) closers.push(() => rm(folder, { recursive: true, force: true }));
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const vm = await openManagementVm({
      folder,
      name: 'sample-host',
      listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
      vtpm: options.vtpm ?? 'software',
      sample: true,
      log: silentLog,
      ...(options.jobPatience === undefined ? {} : { jobPatience: options.jobPatience }),
      ...(options.embeddedDelay === undefined ? {} : { embeddedDelay: options.embeddedDelay }),
    });
    closers.push(() => vm.close());
    const url = vm.server.addresses[0]?.url ?? '';
    const proxy = await createRecordingProxy(url);
    closers.push(() => proxy.close());
    const userOf = (name: string, secret: string): SampleUser => {
      const transport = createHttpTransport({ url: proxy.url, user: name, password: secret });
      closers.push(() => transport.close());
      const client = new WbemClient(transport, { namespace });
      return { name, secret, client, host: new ManagedHost(client, namespace) };
    };
    const user = async (name: string): Promise<SampleUser> =>
      userOf(name, (await ensureAccount(vm.foundation, name, null)) ?? '');
    return { vm, url, proxy, folder, admin: userOf('admin', vm.adminSecret ?? ''), user, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Does what the datacenter administrator does first: group, policy 1.0, domains, labels for resources and machines. */
export async function prepareDatacenter(host: ManagedHost): Promise<void> {
  await host.joinDatacenter(datacenter);
  const { policy } = await host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.0']), 'json');
  await host.deployPolicy(policy);
  await host.enablePolicy(policy);
  for (const [name, type] of [
    ['Market Analysis', 'MA'],
    ['Security Underwriting', 'SU'],
  ] as const) {
    await host.createDomain(name, datacenter, [type]);
  }
  for (const [element, label] of [
    ['ma-1-disk', 'MA'],
    ['ma-2-disk', 'MA'],
    ['su-1-disk', 'SU'],
    ['ms-1-disk', 'MS'],
    ['vlan:100', 'MA'],
    ['vlan:200', 'SU'],
    ['ma-1', 'MA'],
    ['ma-2', 'MA'],
    ['su-1', 'SU'],
    ['ms-1', 'MS'],
  ] as const) {
    await host.assignLabel(element, label, '');
  }
}

/** A host in the middle of its work: machines run, one start was refused, the next policy waits, an operator has a role. */
export async function populateHost(sample: SampleHost): Promise<SampleUser> {
  const { host } = sample.admin;
  await prepareDatacenter(host);
  await host.requestState('ma-1', 'start');
  await host.requestState('su-1', 'start');
  await host.requestState('ms-1', 'start').then(
    () => {
      throw new Error('ms-1 must not run under the label SystemManagement');
    },
    () => undefined,
  );
  const { policy } = await host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.1']), 'json');
  await host.deployPolicy(policy);
  const operator = await sample.user('operator');
  await host.grantRole('operator', 'tvdc-admin', datacenter, ['Market Analysis']);
  return operator;
}
