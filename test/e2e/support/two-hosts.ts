import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson } from '../../../src/acm/index.js';
import type { CimInstancePath, CimValue } from '../../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import { ManagedHost } from '../../../src/client/management/index.js';
import { ensureAccount, secretFile } from '../../../src/host/foundation/index.js';
import { type ManagementVm, openManagementVm } from '../../../src/host/management-vm/index.js';
import { createServerCertificate } from '../../../src/vtpm/index.js';
import { namespace } from './sample-host.js';

export const migrationService = 'TVDC_VirtualSystemMigrationService';

type HostName = 'host-a' | 'host-b';

/** One of two hosts over HTTPS, with the sample on it. */
export interface RealHost {
  readonly name: HostName;
  readonly folder: string;
  readonly url: string;
  readonly vm: ManagementVm;
  readonly client: WbemClient;
  readonly host: ManagedHost;
  /** Another account's client. */
  as(user: string, secret: string): WbemClient;
  call(method: string, parameters: Readonly<Record<string, CimValue>>, client?: WbemClient): Promise<Called>;
}

export interface Called {
  readonly value: number;
  readonly out: Readonly<Record<string, CimValue>>;
}

export interface RealPair {
  readonly folder: string;
  readonly a: RealHost;
  readonly b: RealHost;
  /** Changes what both know of each other. */
  configure(more: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds, longer than any of these tests: what they ask for is done when it is answered. */
const jobPatience = 120_000;

/** Names of elements and their labels, on both hosts. */
const labels = {
  'ma-1-disk': 'MA',
  'ma-2-disk': 'MA',
  'su-1-disk': 'SU',
  'vlan:100': 'MA',
  'vlan:200': 'SU',
} as const;
const machines = { 'ma-1': 'MA', 'ma-2': 'MA', 'su-1': 'SU' } as const;

async function openHost(folder: string, name: HostName, closers: (() => Promise<unknown>)[]): Promise<RealHost> {
  const { certificate: cert, privateKey: key } = createServerCertificate(['localhost', '127.0.0.1']);
  const vm = await openManagementVm({
    folder,
    name,
    listen: async () => {
      await writeFile(join(folder, 'server.pem'), cert);
      return [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic', tls: { cert, key } }];
    },
    vtpm: 'software',
    sample: true,
    jobPatience,
  });
  closers.push(() => vm.close());
  const url = vm.server.addresses[0]?.url ?? '';
  const as = (user: string, password: string): WbemClient => {
    const transport = createHttpTransport({ url, user, password, tls: { ca: cert } });
    closers.push(() => transport.close());
    return new WbemClient(transport, { namespace });
  };
  const client = as('admin', vm.adminSecret ?? '');
  const call: RealHost['call'] = async (method, parameters, caller = client) => {
    const service = (await caller.instancePaths(migrationService).first()) as CimInstancePath;
    const { returnValue, out } = await caller.invoke(service, method, parameters);
    return { value: Number(returnValue), out };
  };
  return { name, folder, url, vm, client, host: new ManagedHost(client, namespace), as, call };
}

/** Policy and labels as an administrator sets them; one host has no machines, so that those of the other may come. */
export async function prepareMachines(host: ManagedHost, keepMachines: boolean): Promise<void> {
  const { client } = host;
  const { policy } = await host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.0']), 'json');
  await host.deployPolicy(policy);
  await host.enablePolicy(policy);
  for (const [element, label] of Object.entries(labels)) await host.assignLabel(element, label);
  const service = (await client.instancePaths('TVDC_VirtualSystemManagementService').first()) as CimInstancePath;
  for (const [machine, label] of Object.entries(machines)) {
    if (keepMachines) await host.assignLabel(machine, label);
    else await client.invoke(service, 'DestroySystem', { AffectedSystem: (await host.vm(machine)).path });
  }
}

/** Two hosts of one datacenter that know each other as peers, with accounts of the role `peer`. */
export async function openRealPair(): Promise<RealPair> {
  const folder = await mkdtemp(join(tmpdir(), 'tvdc-pair-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const a = await openHost(join(folder, 'host-a'), 'host-a', closers);
    // Hosts of one datacenter have certificates of one root.
    await cp(join(folder, 'host-a', 'ca', 'root'), join(folder, 'host-b', 'ca', 'root'), { recursive: true });
    const b = await openHost(join(folder, 'host-b'), 'host-b', closers);
    const configure: RealPair['configure'] = async (more) => {
      for (const [own, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const peer = {
          name: other.name,
          url: other.url,
          user: own.name,
          passwordFile: secretFile(other.folder, own.name),
          cacert: join(other.folder, 'server.pem'),
          account: other.name,
        };
        const text = JSON.stringify({ format: 1, peers: [peer], ...more });
        await writeFile(join(own.folder, 'peers.json'), text);
      }
    };
    for (const own of [a, b]) {
      await ensureAccount(own.vm.foundation, own.name === 'host-a' ? 'host-b' : 'host-a', 'peer');
      await prepareMachines(own.host, own === a);
    }
    await configure({ unattested: true });
    return { folder, a, b, configure, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Asks a host to send a machine to another. */
export async function migrate(from: RealHost, name: string, to: string, client = from.client): Promise<Called> {
  const ComputerSystem = (await from.host.vm(name)).path;
  return from.call('MigrateVirtualSystemToHost', { DestinationHost: to, ComputerSystem }, client);
}
