import { TvdcError } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { Exit, exitStatus } from '../exit.js';
import type { Streams } from '../output/index.js';

/** UUID of a VM, where the name is that of one. @throws TvdcError `ambiguous` */
async function vmOf(host: ManagedHost, name: string): Promise<string | undefined> {
  try {
    return (await host.vm(name)).id;
  } catch (error) {
    if (error instanceof TvdcError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** The TPM of a VM by the name of the VM or the TPM's own id; tells where there is none. @throws Exit 1 @throws TvdcError */
export async function tpmOf(streams: Streams, host: ManagedHost, name: string): Promise<CimInstancePath> {
  const wanted = { system: await vmOf(host, name), id: name };
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
