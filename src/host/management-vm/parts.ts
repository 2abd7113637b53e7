import { join } from 'node:path';
import { ReferenceMonitor } from '../../acm/index.js';
import { encodeIsolationEvent } from '../../attestation/index.js';
import { createKeyedLock, messageOf } from '../../base/index.js';
import { createVtpmInstances, type VtpmBackend } from '../../vtpm/index.js';
import {
  createEmbeddedHypervisor,
  createEmbeddedNetwork,
  createEmbeddedStorage,
  DenialLimit,
  GuestBoot,
  HostBoot,
  HostEvents,
  type HostParts,
  Inventory,
} from '../../vmm/index.js';
import type { Foundation } from '../foundation/index.js';
import { writeHostImage } from './host-image.js';
import type { ManagementVmOptions } from './options.js';
import type { HostTrust } from './trust.js';

export interface OpenedParts {
  readonly parts: HostParts;
  readonly hostBoot: HostBoot;
}

/** The virtualized host on its foundation: monitor, drivers, virtual TPMs, measured boot of the host itself. */
export async function openParts(
  foundation: Foundation,
  options: ManagementVmOptions,
  trust: HostTrust,
  backend: VtpmBackend,
): Promise<OpenedParts> {
  const { store, clock, randomness, log, identity, journal } = foundation;
  const inventory = new Inventory(store);
  const monitor = await ReferenceMonitor.open({
    store,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    nameOf: (id) => (inventory.vm(id) ?? inventory.migration(id)?.vm)?.name ?? inventory.volumeByResource(id)?.name,
    isTrusted: (id) => (inventory.vm(id) ?? inventory.migration(id)?.vm)?.trusted === true,
  });
  const events = new HostEvents((error) => log.error('event listener failed', { error: messageOf(error) }));
  const vtpms = await createVtpmInstances({
    store,
    backend,
    folder: join(options.folder, 'vtpm'),
    authority: trust.authority,
    crls: () => [trust.rootRevocations()],
    ...(trust.sealing === null ? {} : { hostTpm: trust.sealing }),
    ...(options.sealPcrs === undefined ? {} : { sealPcrs: options.sealPcrs }),
    ownerState: (vm) => inventory.vm(vm)?.state ?? 'absent',
    onFailure: (tpm) => {
      log.error('virtual TPM failed', { vm: tpm.vmUuid });
      const sentence = 'it ended by itself and its PCRs are lost; reset the virtual machine';
      store
        .transaction(
          (tx) =>
            journal.append(tx, { kind: 'vtpm', actor: 'system', subject: tpm.vmUuid, facts: { failure: sentence } }).id,
        )
        .then((recordId) => events.emit({ kind: 'vtpm-failed', recordId, vm: tpm.vmUuid, sentence }))
        .catch((error: unknown) => log.error('failure of a virtual TPM not recorded', { error: messageOf(error) }));
    },
    clock,
    randomness,
    log,
  });
  const hostBoot = new HostBoot(trust.tpm.client, encodeIsolationEvent);
  const imageFolder = join(options.folder, 'host-image');
  writeHostImage(imageFolder);
  await hostBoot.measure(imageFolder);
  await hostBoot.extendIsolation(monitor);
  const parts: HostParts = {
    identity,
    store,
    inventory,
    journal,
    monitor,
    hypervisor: createEmbeddedHypervisor(store, options.embeddedDelay),
    network: createEmbeddedNetwork(),
    storage: createEmbeddedStorage(join(options.folder, 'volumes'), options.embeddedDelay),
    vtpms,
    boot: new GuestBoot(store, vtpms, hostBoot),
    clock,
    randomness,
    log,
    locks: createKeyedLock(),
    events,
    denials: new DenialLimit(clock),
    ending: new Set(),
  };
  return { parts, hostBoot };
}
