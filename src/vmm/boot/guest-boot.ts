import type { ReferenceMonitor } from '../../acm/index.js';
import { createKeyedLock, type KeyedLock, TvdcError } from '../../base/index.js';
import { prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import { imaLogPart, type ImaLogPart } from '../../tpm/logs/index.js';
import type { VtpmInstances } from '../../vtpm/index.js';
import type { HostBoot } from './host-boot.js';
import { type ImageFile, readImage } from './image.js';
import { measureBoot, measureFiles } from './measured-boot.js';

const prefix = 'boot-log/';

/** Logs of a virtual machine's last boot. */
export interface GuestLogs {
  readonly eventLog: Uint8Array;
  /** Binary IMA list from an entry on. */
  measurements(start: number, maxEntries: number): ImaLogPart;
}

/** Measures what virtual machines boot into their virtual TPMs, and keeps the logs. */
export class GuestBoot {
  readonly #store: Store;
  readonly #vtpms: VtpmInstances;
  readonly #host: HostBoot;
  readonly #locks: KeyedLock = createKeyedLock();

  constructor(store: Store, vtpms: VtpmInstances, host: HostBoot) {
    this.#store = store;
    this.#vtpms = vtpms;
    this.#host = host;
  }

  /** A fresh boot: the TPM has just started, the logs begin anew. @throws ConfigurationError `bad_image` */
  measure(vm: string, imageFolder: string): Promise<void> {
    return this.#locks.run(vm, async () => {
      const boot = await measureBoot(await readImage(imageFolder));
      await this.#write(vm, boot.eventLog, boot.measurements);
      await this.#vtpms.extend(vm, boot.extensions);
    });
  }

  /**
   * A running guest loads more files.
   * @throws ConfigurationError `bad_image` @throws TvdcError `not_booted`: its virtual TPM does not run
   */
  load(vm: string, files: readonly ImageFile[]): Promise<void> {
    return this.#locks.run(vm, async () => {
      const logs = this.logs(vm);
      if (logs === undefined || this.#vtpms.get(vm)?.state !== 'running')
        throw new TvdcError('not_booted', `virtual machine ${vm} runs no measured boot`);
      const after = await measureFiles(files, logs.measurements(0, Number.MAX_SAFE_INTEGER).data);
      await this.#write(vm, logs.eventLog, after.measurements);
      await this.#vtpms.extend(vm, after.extensions);
    });
  }

  async #write(vm: string, eventLog: Uint8Array, measurements: Uint8Array): Promise<void> {
    await this.#store.transaction((tx) => this.keepIn(tx, vm, eventLog, measurements));
  }

  /** undefined: it never booted measured. */
  logs(vm: string): GuestLogs | undefined {
    const eventLog = this.#store.get('vmm', `${prefix}${vm}/events`);
    const ima = this.#store.get('vmm', `${prefix}${vm}/ima`);
    if (!(eventLog instanceof Uint8Array) || !(ima instanceof Uint8Array)) return undefined;
    return { eventLog, measurements: (start, maxEntries) => imaLogPart(ima, start, maxEntries) };
  }

  /** Takes the logs of a boot that took place on another host. */
  keepIn(tx: StoreTransaction, vm: string, events: Uint8Array, measurements: Uint8Array): void {
    tx.put('vmm', `${prefix}${vm}/events`, events);
    tx.put('vmm', `${prefix}${vm}/ima`, measurements);
  }

  /** Drops the logs of a VM together with whatever else the transaction does. */
  forgetIn(tx: StoreTransaction, vm: string): void {
    const from = `${prefix}${vm}/`;
    for (const entry of tx.range('vmm', from, prefixEnd(from), 10)) tx.delete('vmm', entry.key);
  }

  /** Writes what the host enforces now into the host's own log and PCR. */
  async extendIsolation(monitor: ReferenceMonitor): Promise<void> {
    await this.#host.extendIsolation(monitor);
  }
}
