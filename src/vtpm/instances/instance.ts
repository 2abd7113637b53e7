import { createTpmClient, type TpmClient, type TpmTransport } from '../../tpm/index.js';
import type { PoweredTpm } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import type { StateVault } from '../state/index.js';
import type { InstanceRecord } from './record.js';
import type { VtpmBackend, VtpmIdentity, VtpmInstance, VtpmState } from './types.js';

/** One instance: what the index keeps, and the TPM while it has power. */
export class Instance implements VtpmInstance {
  record: InstanceRecord;
  powered: PoweredTpm | null = null;
  failed = false;
  readonly #vault: StateVault;
  #client: TpmClient | null = null;

  constructor(record: InstanceRecord, vault: StateVault) {
    this.record = record;
    this.#vault = vault;
  }

  get uuid(): string {
    return this.record.uuid;
  }

  get vmUuid(): string {
    return this.record.vmUuid;
  }

  get backend(): VtpmBackend {
    return this.record.backend;
  }

  get identity(): VtpmIdentity {
    return this.record.identity;
  }

  get created(): number {
    return this.record.created;
  }

  get sequence(): number {
    return this.#vault.sequence(this.record.uuid);
  }

  get state(): VtpmState {
    if (this.failed) return 'failed';
    return this.powered === null ? this.record.state : 'running';
  }

  transport(): TpmTransport {
    if (this.powered === null || this.failed) {
      throw new VtpmError('vtpm_off', `the virtual TPM of VM ${this.vmUuid} is ${this.state}`, {
        details: { state: this.state },
      });
    }
    return this.powered.transport;
  }

  client(): TpmClient {
    const transport = this.transport();
    this.#client ??= createTpmClient(transport);
    return this.#client;
  }

  /** Takes or gives up power. */
  setPowered(powered: PoweredTpm | null): void {
    this.powered = powered;
    this.#client = null;
    this.failed = false;
  }
}
