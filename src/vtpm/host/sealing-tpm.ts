import { type Log, messageOf } from '../../base/index.js';
import { createTpmClient, openDeviceTransport, type TpmClient, TpmTransportError } from '../../tpm/index.js';
import { openTcpTransport } from '../swtpm/index.js';

/**
 * Opens the TPM that seals the key of states at rest. `auto`: the device of this host, if it can be used; `none`; the path of a
 * device; or `host:port`, where swtpm or another emulator answers, started.
 * @returns null: there is none @throws TpmTransportError `tpm_unavailable` for one that was named
 */
export async function openSealingTpm(where: string, log: Log): Promise<TpmClient | null> {
  if (where === 'none') return null;
  if (where === 'auto') {
    try {
      return createTpmClient(await openDeviceTransport());
    } catch (error) {
      if (!(error instanceof TpmTransportError)) throw error;
      log.info('states_not_sealed', { reason: messageOf(error) });
      return null;
    }
  }
  const address = /^([^/]+):(\d{1,5})$/.exec(where);
  if (address === null) return createTpmClient(await openDeviceTransport(where));
  return createTpmClient(await openTcpTransport(address[1] as string, Number(address[2])));
}
