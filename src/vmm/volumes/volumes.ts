import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { Vlan, Volume } from '../inventory/index.js';
import { vlanResource } from '../inventory/index.js';
import { messageOf } from '../../base/index.js';
import type { HostParts } from '../parts.js';
import type { EraseWatch } from '../storage/index.js';
import { beginIntent, endIntent } from '../transitions/intent.js';
import { lockDevices, lockName } from '../transitions/locks.js';
import { tryRemoveRemains } from '../transitions/make.js';
import { emptyVolume } from '../transitions/new-volume.js';

const unwatched: EraseWatch = { signal: new AbortController().signal, progress: () => undefined };

/**
 * Makes an empty, unlabelled volume.
 * @throws VmmError `invalid`, `name_in_use`, `driver_failed`
 */
export function createVolume(parts: HostParts, actor: Actor, name: string, sizeBytes: number): Promise<Volume> {
  return lockName(parts, 'volume', name, async () => {
    const volume = emptyVolume(parts, name, sizeBytes);
    const { uuid } = volume;
    let recordId: string;
    try {
      await beginIntent(parts, uuid, 'volume', actor.user, [volume.resource]);
      await parts.storage.create(uuid, sizeBytes);
      recordId = await parts.inventory.change((change) => {
        change.putVolume(volume);
        endIntent(change.tx, uuid);
        const facts = { change: 'create', name, sizeBytes };
        return parts.journal.append(change.tx, { kind: 'volume', actor: actor.user, subject: uuid, facts }).id;
      });
    } catch (error) {
      await tryRemoveRemains(parts, uuid);
      throw error;
    }
    parts.events.emit({ kind: 'volume-changed', recordId, volume });
    return volume;
  });
}

/**
 * Overwrites a volume that nobody uses; after that it may change hands. One that was not overwritten to its end counts as
 * before: used.
 * @throws VmmError `not_found`, `in_use`, `driver_failed` @throws the signal's reason if it is aborted before the end
 */
export function eraseVolume(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  watch: EraseWatch = unwatched,
): Promise<Volume> {
  return parts.locks.run(uuid, async () => {
    const volume = parts.inventory.volume(uuid);
    if (volume === undefined) throw new VmmError('not_found', [uuid]);
    const user = parts.inventory.usersOf(uuid).find((vm) => vm.state !== 'off');
    if (user !== undefined) throw new VmmError('in_use', [volume.name, user.name]);
    await parts.storage.erase(volume.resource, watch);
    const erased: Volume = { ...volume, used: false, erasedAt: parts.clock.now() };
    const recordId = await parts.inventory.change((change) => {
      change.putVolume(erased);
      return parts.journal.append(change.tx, {
        kind: 'volume',
        actor: actor.user,
        subject: uuid,
        facts: { change: 'erase', name: volume.name },
      }).id;
    });
    parts.events.emit({ kind: 'volume-changed', recordId, volume: erased });
    return erased;
  });
}

/**
 * Removes a volume that no virtual machine has, its content first: what is left after a failure can be removed again.
 * @throws VmmError `not_found`, `in_use`, `driver_failed`
 */
export function deleteVolume(parts: HostParts, actor: Actor, uuid: string): Promise<void> {
  return parts.locks.run(uuid, async () => {
    const volume = parts.inventory.volume(uuid);
    if (volume === undefined) throw new VmmError('not_found', [uuid]);
    const user = parts.inventory.usersOf(uuid)[0];
    if (user !== undefined) throw new VmmError('in_use', [volume.name, user.name]);
    await parts.storage.remove(volume.resource);
    await parts.inventory.change((change) => {
      change.deleteVolume(uuid);
      parts.monitor.forget(change.tx, { kind: 'resource', resource: volume.resource, uuid });
      const facts = { change: 'delete', name: volume.name };
      parts.journal.append(change.tx, { kind: 'volume', actor: actor.user, subject: uuid, facts });
    });
  });
}

/** Makes a VLAN of this host with its bridge. @throws VmmError `invalid`, `name_in_use`, `driver_failed` */
export function createVlan(parts: HostParts, actor: Actor, id: number, name: string): Promise<Vlan> {
  return lockDevices(parts, [], [id], async () => {
    if (!Number.isInteger(id) || id < 1 || id > 4094)
      throw new VmmError('invalid', [`a VLAN id is 1 to 4094 (IEEE 802.1Q), got ${id}`]);
    if (parts.inventory.vlan(id) !== undefined) throw new VmmError('name_in_use', [vlanResource(id)]);
    await parts.network.ensureBridge(id);
    const vlan: Vlan = { id, name };
    let recordId: string;
    try {
      recordId = await parts.inventory.change((change) => {
        change.putVlan(vlan);
        const facts = { change: 'create', name };
        return parts.journal.append(change.tx, { kind: 'vlan', actor: actor.user, subject: vlanResource(id), facts })
          .id;
      });
    } catch (error) {
      await parts.network
        .removeBridge(id)
        .catch((failure: unknown) => parts.log.error('bridge not removed', { vlan: id, error: messageOf(failure) }));
      throw error;
    }
    parts.events.emit({ kind: 'vlan-changed', recordId, vlan });
    return vlan;
  });
}

/** Removes a VLAN on which no virtual machine has an interface. @throws VmmError `not_found`, `in_use`, `driver_failed` */
export function deleteVlan(parts: HostParts, actor: Actor, id: number): Promise<void> {
  return lockDevices(parts, [], [id], async () => {
    if (parts.inventory.vlan(id) === undefined) throw new VmmError('not_found', [vlanResource(id)]);
    const user = parts.inventory.usersOfVlan(id)[0];
    if (user !== undefined) throw new VmmError('in_use', [vlanResource(id), user.name]);
    await parts.network.removeBridge(id);
    await parts.inventory.change((change) => {
      change.deleteVlan(id);
      parts.monitor.forget(change.tx, { kind: 'resource', resource: vlanResource(id) });
      const facts = { change: 'delete' };
      parts.journal.append(change.tx, { kind: 'vlan', actor: actor.user, subject: vlanResource(id), facts });
    });
  });
}
