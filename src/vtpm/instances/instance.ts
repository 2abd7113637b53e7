import { createKeyedLock, fromBase64 } from '../../base/index.js';
import {
  createTpm12Client,
  createTpmClient,
  type Quote12,
  type Tpm12Client,
  type TpmClient,
  type TpmTransport,
  wellKnownAuth,
} from '../../tpm/index.js';
import type { PoweredTpm } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import type { VtpmFamily } from '../family/index.js';
import type { StateVault } from '../state/index.js';
import type { InstanceRecord } from './record.js';
import type { VtpmBackend, VtpmIdentity, VtpmInstance, VtpmState } from './types.js';

/** One instance: what the index keeps, and the TPM while it has power. */
export class Instance implements VtpmInstance {
  record: InstanceRecord;
  powered: PoweredTpm | null = null;
  failed = false;
  readonly #vault: StateVault;
  readonly #turns = createKeyedLock();
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

  get family(): VtpmFamily {
    return this.record.family ?? '2.0';
  }

  client(): TpmClient {
    const transport = this.transport();
    this.#expect('2.0');
    this.#client ??= createTpmClient(transport);
    return this.#client;
  }

  client12(): Tpm12Client {
    const transport = this.transport();
    this.#expect('1.2');
    return createTpm12Client(transport);
  }

  async quote12(form: 'quote' | 'quote2', externalData: Uint8Array, pcrs: readonly number[]): Promise<Quote12> {
    const client = this.client12();
    // A TPM has room for few keys and sessions: those who ask at once wait for each other.
    return this.#turns.run('quote', async () => {
      const handle = await client.loadKey(fromBase64(this.record.wrappedAk ?? ''), wellKnownAuth);
      try {
        return form === 'quote'
          ? await client.quote(handle, wellKnownAuth, externalData, pcrs)
          : await client.quote2(handle, wellKnownAuth, externalData, pcrs, true);
      } finally {
        await client.flushKey(handle);
      }
    });
  }

  #expect(family: VtpmFamily): void {
    if (this.family === family) return;
    const { vmUuid } = this;
    throw new VtpmError('vtpm_wrong_family', `the virtual TPM of VM ${vmUuid} is a TPM ${this.family}, not ${family}`);
  }

  /** Takes or gives up power. */
  setPowered(powered: PoweredTpm | null): void {
    this.powered = powered;
    this.#client = null;
    this.failed = false;
  }
}
