import { messageOf } from '../../base/index.js';
import type { Actor } from '../events.js';
import type { HostParts } from '../parts.js';
import { attachDisk, connectVlan, detachDisk, disconnectPort } from './devices.js';
import { createVmTpm, destroyVmTpm } from './modify-tpm.js';

/** A device that a virtual machine is to get: a volume by UUID, a VLAN by number. */
export type WantedDevice =
  | { readonly kind: 'disk'; readonly volume: string }
  | { readonly kind: 'port'; readonly vlan: number }
  | { readonly kind: 'tpm' };

/** A device that it got; a virtual TPM has no id of its own among the devices. */
export interface AddedDevice {
  readonly kind: WantedDevice['kind'];
  readonly id: string;
}

async function add(parts: HostParts, actor: Actor, uuid: string, device: WantedDevice): Promise<AddedDevice> {
  switch (device.kind) {
    case 'disk':
      return { kind: 'disk', id: (await attachDisk(parts, actor, uuid, device.volume)).id };
    case 'port':
      return { kind: 'port', id: (await connectVlan(parts, actor, uuid, device.vlan)).id };
    case 'tpm':
      await createVmTpm(parts, actor, uuid);
      return { kind: 'tpm', id: 'tpm' };
  }
}

/** Takes a device away again. @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws VtpmError */
export async function removeDevice(parts: HostParts, actor: Actor, uuid: string, device: AddedDevice): Promise<void> {
  switch (device.kind) {
    case 'disk':
      return detachDisk(parts, actor, uuid, device.id);
    case 'port':
      return disconnectPort(parts, actor, uuid, device.id);
    case 'tpm':
      await destroyVmTpm(parts, actor, uuid);
  }
}

/**
 * Gives a virtual machine several devices. Where one cannot be had, those before it are taken away again.
 * @throws VmmError `not_found`, `wrong_state`, `in_use`, `driver_failed` @throws RefusedError @throws VtpmError
 */
export async function addDevices(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  devices: readonly WantedDevice[],
): Promise<readonly AddedDevice[]> {
  const added: AddedDevice[] = [];
  try {
    for (const device of devices) added.push(await add(parts, actor, uuid, device));
    return added;
  } catch (error) {
    for (const device of added.reverse()) {
      await removeDevice(parts, actor, uuid, device).catch((failure: unknown) =>
        parts.log.error('device not taken away again', { vm: uuid, device: device.id, error: messageOf(failure) }),
      );
    }
    throw error;
  }
}
