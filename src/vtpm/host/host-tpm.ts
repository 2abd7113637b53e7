import { join } from 'node:path';
import {
  type Clock,
  hash,
  type Log,
  messageOf,
  type Randomness,
  silentLog,
  systemClock,
  systemRandomness,
  toHex,
} from '../../base/index.js';
import type { Store } from '../../store/index.js';
import {
  certificateIndices,
  createTpmClient,
  openDeviceTransport,
  type PublicArea,
  publicKeyOf,
  type TpmClient,
  TpmError,
  type TpmTransport,
  TpmTransportError,
} from '../../tpm/index.js';
import { createSoftwareDriver, type VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import { findKeys, type KeyKind, provisionKeys, type TpmKeys, writeEkCertificate } from '../identity.js';
import { createSealer, createStateVault, openKeyFile, readKeyFile } from '../state/index.js';
import { adoptFormerState, createSwtpmDriver, swtpmAvailable } from '../swtpm/index.js';

/** What stands for the host's TPM. Only `device` is a root of trust; the others are simulations and say so. */
export const hostTpmBackends = ['device', 'swtpm', 'software'] as const;
export type HostTpmBackend = (typeof hostTpmBackends)[number];

export interface HostTpmOptions {
  readonly store: Store;
  /** `state.key`, where there is no device. */
  readonly folder: string;
  /** `auto`: the device if it can be used, else swtpm, else the software TPM. */
  readonly backend: 'auto' | HostTpmBackend;
  readonly device?: string;
  readonly keys?: KeyKind;
  readonly randomness?: Randomness;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** The TPM of the host itself. */
export interface HostTpm {
  readonly backend: HostTpmBackend;
  readonly client: TpmClient;
  readonly transport: TpmTransport;
  readonly keys: TpmKeys;
  /** SHA-256 of the endorsement key's SubjectPublicKeyInfo, hex: what the issuing authority's certificate carries. */
  readonly ekHash: string;
  /** The certificate in the TPM's NV, DER; null without. */
  ekCertificate(): Promise<Uint8Array | null>;
  /** Puts an EK certificate into NV; for simulated TPMs, which no manufacturer has certified. */
  storeEkCertificate(certificate: Uint8Array): Promise<void>;
  /** Orderly shutdown of a simulated TPM; a device is only closed. */
  close(): Promise<void>;
}

/** Names under which simulated host TPMs keep their states. */
const stateNames = { software: 'host', swtpm: 'host-swtpm' } as const;

/** SHA-256 of a key's SubjectPublicKeyInfo, hex, as certificates of this project refer to endorsement keys. */
export function ekHashOf(ekPublic: PublicArea): string {
  return toHex(hash('sha256', publicKeyOf(ekPublic).export({ type: 'spki', format: 'der' })));
}

/**
 * Opens the host's TPM and its endorsement and attestation keys. A simulated one starts with TPM2_Startup(CLEAR): the start of
 * the process stands for the boot of the host.
 * @throws TpmTransportError `tpm_unavailable` for a device that was asked for; VtpmError `vtpm_backend_unavailable`, `vtpm_state_invalid`
 */
export async function openHostTpm(options: HostTpmOptions): Promise<HostTpm> {
  const { backend, log = silentLog, keys = 'ecc' } = options;
  if (backend === 'device' || backend === 'auto') {
    try {
      return await openDevice(options.device, keys);
    } catch (error) {
      const unusable = error instanceof TpmTransportError || error instanceof TpmError;
      if (backend === 'device' || !unusable) throw error;
      log.info('host_tpm_simulated', { reason: messageOf(error) });
    }
  }
  const simulated = backend === 'software' || (backend === 'auto' && !(await swtpmAvailable())) ? 'software' : 'swtpm';
  return openSimulated(options, simulated, keys);
}

async function openDevice(path: string | undefined, kind: KeyKind): Promise<HostTpm> {
  const transport = await openDeviceTransport(path);
  try {
    const client = createTpmClient(transport);
    const keys = (await findKeys(client, kind)) ?? (await provisionKeys(client, kind));
    return hostTpm('device', client, transport, keys, kind, () => transport.close());
  } catch (error) {
    await transport.close();
    throw error;
  }
}

async function openSimulated(options: HostTpmOptions, backend: 'swtpm' | 'software', kind: KeyKind): Promise<HostTpm> {
  const driver = await openDriver(options, backend);
  const stateName = stateNames[backend];
  const { log = silentLog } = options;
  if (!(await driver.has(stateName))) {
    await driver.manufacture(stateName, async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      await provisionKeys(client, kind);
      await client.shutdown('clear');
    });
  }
  const powered = await driver.power(stateName, {
    resume: false,
    afterCrash: 'restart',
    onCrash: (restarted) => {
      log.error('host_tpm_failed', { backend, restarted });
    },
  });
  try {
    const client = createTpmClient(powered.transport);
    await client.startup('clear');
    const keys = (await findKeys(client, kind)) ?? (await provisionKeys(client, kind));
    return hostTpm(backend, client, powered.transport, keys, kind, async () => {
      await client.shutdown('clear').catch((error: unknown) => {
        log.warn('host_tpm_shutdown', { error: messageOf(error) });
      });
      await powered.stop();
    });
  } catch (error) {
    await powered.stop();
    throw error;
  }
}

async function openDriver(options: HostTpmOptions, backend: 'swtpm' | 'software'): Promise<VtpmDriver> {
  const { store, folder, randomness = systemRandomness, clock = systemClock, log = silentLog } = options;
  if (backend === 'swtpm' && !(await swtpmAvailable())) {
    throw new VtpmError('vtpm_backend_unavailable', 'swtpm is not installed on this host');
  }
  const keyFile = join(folder, 'state.key');
  const isNew = (await readKeyFile(keyFile)) === null;
  const vault = createStateVault(store, createSealer(await openKeyFile(keyFile, randomness), randomness));
  const name = stateNames[backend];
  if (isNew && vault.has(name)) {
    // A backup without its key: a simulation is worth no more than a new one.
    log.warn('host_tpm_replaced', { backend, reason: `there was no ${keyFile}` });
    await store.transaction((tx) => {
      vault.remove(tx, name);
    });
  }
  if (backend === 'software') return createSoftwareDriver({ vault, randomness, clock });
  await adoptFormerState(join(folder, 'swtpm'), 'host', vault, stateNames.swtpm);
  return createSwtpmDriver({ vault, randomness, log });
}

function hostTpm(
  backend: HostTpmBackend,
  client: TpmClient,
  transport: TpmTransport,
  keys: TpmKeys,
  kind: KeyKind,
  close: () => Promise<void>,
): HostTpm {
  const index = certificateIndices[kind === 'ecc' ? 'ekEcc' : 'ekRsa'];
  return {
    backend,
    client,
    transport,
    keys,
    ekHash: ekHashOf(keys.ekPublic),
    async ekCertificate() {
      const present = await client.handles(index);
      return present.includes(index) ? client.nvRead(index) : null;
    },
    storeEkCertificate: (certificate) => writeEkCertificate(client, kind, certificate),
    close,
  };
}
