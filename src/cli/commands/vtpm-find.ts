import { type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { Exit, exitStatus } from '../exit.js';
import type { Streams } from '../output/index.js';

/** The TPM of a VM by the name of the VM or the TPM's own id; tells where there is none. @throws Exit 1 */
export async function tpmOf(streams: Streams, host: ManagedHost, name: string): Promise<CimInstancePath> {
  const vm = (await host.vms()).find((item) => item.name === name || item.id === name);
  const wanted = { system: vm?.id, id: name };
  for await (const path of host.client.instancePaths('TVDC_VirtualTPM', { namespace: host.namespace })) {
    const id = stringKey(path, 'DeviceID');
    if (id === wanted.id || (wanted.system !== undefined && stringKey(path, 'SystemName') === wanted.system))
      return path;
  }
  streams.notes.write(`tvdc: no virtual TPM of ${name} on this host; see: tvdc vtpm list\n`);
  throw new Exit(exitStatus.no);
}

/** The certificate of a TPM's endorsement key; tells where there is none. @throws Exit 1 */
export async function certificateOf(
  streams: Streams,
  { client, namespace }: ManagedHost,
  tpm: CimInstancePath,
  name: string,
): Promise<CimInstance> {
  const own = await client.associators(tpm, { namespace, resultClass: 'TVDC_Certificate' }).first();
  if (own !== undefined) return own;
  streams.notes.write(`tvdc: the virtual TPM of ${name} has no certificate\n`);
  throw new Exit(exitStatus.no);
}
