import { prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import type { Migration } from './migration.js';
import type { VirtualMachine, Vlan, Volume } from './types.js';
import { nothingUsed, type ResourceUse, sumOfUse, useOfVm, useOfVolume, withoutUse } from './use.js';

interface Records {
  readonly vm: VirtualMachine;
  readonly volume: Volume;
  readonly vlan: Vlan;
  readonly migration: Migration;
}

type RecordKind = keyof Records;

function keyOfRecord<K extends RecordKind>(kind: K, record: Records[K]): string {
  if (kind === 'vlan') return String((record as Vlan).id).padStart(4, '0');
  return kind === 'migration' ? (record as Migration).vm.uuid : (record as VirtualMachine | Volume).uuid;
}

class Table<K extends RecordKind> {
  readonly kind: K;
  readonly rows = new Map<string, Records[K]>();

  constructor(kind: K, store: Store) {
    this.kind = kind;
    const prefix = `${kind}/`;
    for (const entry of store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)) {
      this.rows.set(entry.key.slice(prefix.length), JSON.parse(entry.value as string) as Records[K]);
    }
  }
}

/** Changes of one transaction, to be shown only once they are on disk. */
export interface InventoryChange {
  putVm(vm: VirtualMachine): void;
  deleteVm(uuid: string): void;
  putVolume(volume: Volume): void;
  deleteVolume(uuid: string): void;
  putVlan(vlan: Vlan): void;
  deleteVlan(id: number): void;
  putMigration(migration: Migration): void;
  /** Before its VM is put, where that comes here. */
  deleteMigration(vm: string): void;
  readonly tx: StoreTransaction;
}

/** What there is on this host: virtual machines, volumes, VLANs, migrations under way. Reads show what is on disk; all of it is in memory. */
export class Inventory {
  readonly #store: Store;
  readonly #vms: Table<'vm'>;
  readonly #volumes: Table<'volume'>;
  readonly #vlans: Table<'vlan'>;
  readonly #migrations: Table<'migration'>;
  readonly #names = new Map<string, string>();
  readonly #usersOfVolume = new Map<string, Set<string>>();
  #use: ResourceUse = nothingUsed;
  /** Volumes by resource and by name. */
  readonly #volumeNames = new Map<string, string>();

  constructor(store: Store) {
    this.#store = store;
    this.#vms = new Table('vm', store);
    this.#volumes = new Table('volume', store);
    this.#vlans = new Table('vlan', store);
    this.#migrations = new Table('migration', store);
    for (const vm of this.#vms.rows.values()) {
      this.#index(vm);
      this.#use = sumOfUse(this.#use, useOfVm(vm));
    }
    for (const volume of this.#volumes.rows.values()) this.#indexVolume(volume);
    for (const { direction, vm } of this.#migrations.rows.values()) if (direction === 'in') this.#index(vm);
  }

  #index(vm: VirtualMachine): void {
    this.#names.set(vm.name, vm.uuid);
    for (const disk of vm.disks) {
      const users = this.#usersOfVolume.get(disk.volume) ?? new Set();
      users.add(vm.uuid);
      this.#usersOfVolume.set(disk.volume, users);
    }
  }

  #unindex(vm: VirtualMachine): void {
    this.#names.delete(vm.name);
    for (const disk of vm.disks) this.#usersOfVolume.get(disk.volume)?.delete(vm.uuid);
  }

  #indexVolume(volume: Volume): void {
    this.#use = sumOfUse(this.#use, useOfVolume(volume));
    this.#volumeNames.set(volume.resource, volume.uuid);
    this.#volumeNames.set(volume.name, volume.uuid);
  }

  #unindexVolume(uuid: string): void {
    const before = this.volume(uuid);
    if (before === undefined) return;
    this.#use = withoutUse(this.#use, useOfVolume(before));
    this.#volumeNames.delete(before.resource);
    this.#volumeNames.delete(before.name);
  }

  vms(): IterableIterator<VirtualMachine> {
    return this.#vms.rows.values();
  }

  vm(uuid: string): VirtualMachine | undefined {
    return this.#vms.rows.get(uuid);
  }

  vmByName(name: string): VirtualMachine | undefined {
    const uuid = this.#names.get(name);
    return uuid === undefined ? undefined : this.vm(uuid);
  }

  /** What all virtual machines and volumes hold of the host's resources. */
  use(): ResourceUse {
    return this.#use;
  }

  volumes(): IterableIterator<Volume> {
    return this.#volumes.rows.values();
  }

  volume(uuid: string): Volume | undefined {
    return this.#volumes.rows.get(uuid);
  }

  /** By its ACM name or its own. */
  volumeByResource(resource: string): Volume | undefined {
    const uuid = this.#volumeNames.get(resource);
    return uuid === undefined ? undefined : this.volume(uuid);
  }

  /** Whether a virtual machine has the name, one that is on its way here included. */
  hasVmName(name: string): boolean {
    return this.#names.has(name);
  }

  /** Virtual machines that have the volume as a disk, those on their way here included. */
  usersOf(volume: string): readonly VirtualMachine[] {
    const users = [...(this.#usersOfVolume.get(volume) ?? [])];
    return users.flatMap((uuid) => this.vm(uuid) ?? this.migration(uuid)?.vm ?? []);
  }

  /** Interfaces on a VLAN, those of virtual machines on their way here included. */
  usersOfVlan(id: number): readonly VirtualMachine[] {
    const coming = [...this.#migrations.rows.values()].flatMap(({ direction, vm }) => (direction === 'in' ? [vm] : []));
    return [...this.vms(), ...coming].filter((vm) => vm.ports.some((port) => port.vlanId === id));
  }

  migrations(): IterableIterator<Migration> {
    return this.#migrations.rows.values();
  }

  /** The migration that a virtual machine is on, by its UUID. */
  migration(vm: string): Migration | undefined {
    return this.#migrations.rows.get(vm);
  }

  vlans(): IterableIterator<Vlan> {
    return this.#vlans.rows.values();
  }

  vlan(id: number): Vlan | undefined {
    return this.#vlans.rows.get(String(id).padStart(4, '0'));
  }

  /** One atomic change; visible when it is on disk. Other areas may be written through `change.tx`. */
  change<T>(work: (change: InventoryChange) => T): Promise<T> {
    return this.#store.transaction((tx) => work(this.changeIn(tx)));
  }

  /** The same within a transaction of somebody else. */
  changeIn(tx: StoreTransaction): InventoryChange {
    const put = <K extends RecordKind>(table: Table<K>, record: Records[K], indexed: () => void): void => {
      const key = keyOfRecord(table.kind, record);
      tx.put('vmm', `${table.kind}/${key}`, JSON.stringify(record));
      tx.afterCommit(() => {
        indexed();
        table.rows.set(key, record);
      });
    };
    const remove = <K extends RecordKind>(table: Table<K>, key: string, indexed: () => void): void => {
      tx.delete('vmm', `${table.kind}/${key}`);
      tx.afterCommit(() => {
        indexed();
        table.rows.delete(key);
      });
    };
    const forget = (uuid: string): void => {
      const before = this.vm(uuid);
      if (before === undefined) return;
      this.#unindex(before);
      this.#use = withoutUse(this.#use, useOfVm(before));
    };
    const nothing = (): void => undefined;
    const leave = (uuid: string): void => {
      const before = this.migration(uuid);
      if (before?.direction === 'in') this.#unindex(before.vm);
    };
    return {
      tx,
      putVm: (vm) =>
        put(this.#vms, vm, () => {
          forget(vm.uuid);
          this.#index(vm);
          this.#use = sumOfUse(this.#use, useOfVm(vm));
        }),
      deleteVm: (uuid) => remove(this.#vms, uuid, () => forget(uuid)),
      putVolume: (volume) =>
        put(this.#volumes, volume, () => {
          this.#unindexVolume(volume.uuid);
          this.#indexVolume(volume);
        }),
      deleteVolume: (uuid) => remove(this.#volumes, uuid, () => this.#unindexVolume(uuid)),
      putVlan: (vlan) => put(this.#vlans, vlan, nothing),
      deleteVlan: (id) => remove(this.#vlans, String(id).padStart(4, '0'), nothing),
      putMigration: (migration) =>
        put(this.#migrations, migration, () => {
          leave(migration.vm.uuid);
          if (migration.direction === 'in') this.#index(migration.vm);
        }),
      deleteMigration: (uuid) => remove(this.#migrations, uuid, () => leave(uuid)),
    };
  }
}
