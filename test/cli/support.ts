import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies, writePolicyJson } from '../../src/acm/index.js';
import { silentLog } from '../../src/base/index.js';
import { type ManagementVm, type ManagementVmOptions, openManagementVm } from '../../src/host/management-vm/index.js';
import { type Outcome, run } from './run.js';

/** A host with the sample on it and the command line for it. */
export interface CommandHost {
  readonly host: ManagementVm;
  readonly url: string;
  readonly folder: string;
  tvdc(...argv: readonly string[]): Promise<Outcome>;
  /** What a command prints as JSON. */
  json(...argv: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens a host for one test file; the saved connections are its own, and empty. */
export async function openCommandHost(
  name = 'host',
  pace: Pick<ManagementVmOptions, 'embeddedDelay' | 'jobPatience'> = {},
): Promise<CommandHost> {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-'));
  const host = await openManagementVm({
    folder: join(folder, 'data'),
    name,
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    vtpm: 'software',
    sample: true,
    log: silentLog,
    ...pace,
  });
  const url = host.server.addresses[0]?.url ?? '';
  const tvdc = (...argv: readonly string[]): Promise<Outcome> =>
    run(...argv, '--url', url, '--data', join(folder, 'data'));
  return {
    host,
    url,
    folder,
    tvdc,
    json: async (...argv) => JSON.parse((await tvdc(...argv, '-o', 'json')).out) as unknown,
    async close() {
      await host.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Enforces the sample's policy and labels what belongs to Market Analysis and Security Underwriting. */
export async function labelSample({ host }: CommandHost, version: '1.0' | '1.1' = '1.0'): Promise<void> {
  const { ManagedHost } = await import('../../src/client/management/index.js');
  const { createHttpTransport, WbemClient } = await import('../../src/client/index.js');
  const url = host.server.addresses[0]?.url ?? '';
  const transport = createHttpTransport({ url, user: 'admin', password: host.adminSecret ?? '' });
  try {
    const managed = new ManagedHost(new WbemClient(transport, { namespace: 'root/tvdc' }), 'root/tvdc');
    const { policy } = await managed.importPolicy(writePolicyJson(samplePolicies[`tvdc-sample ${version}`]), 'json');
    await managed.deployPolicy(policy);
    await managed.enablePolicy(policy);
    for (const [element, label] of [
      ['ma-1', 'MA'],
      ['ma-1-disk', 'MA'],
      ['ma-2', 'MA'],
      ['ma-2-disk', 'MA'],
      ['vlan:100', 'MA'],
      ['su-1', 'SU'],
      ['su-1-disk', 'SU'],
      ['vlan:200', 'SU'],
    ] as const) {
      await managed.assignLabel(element, label);
    }
    await managed.joinDatacenter('dc');
    await managed.createDomain('Market Analysis', 'dc', ['MA']);
    await managed.createDomain('Security Underwriting', 'dc', ['SU']);
  } finally {
    await transport.close();
  }
}
