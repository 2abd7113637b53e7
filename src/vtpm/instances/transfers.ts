import { equalBytes } from '../../base/index.js';
import { nameOf } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import type { Instance } from './instance.js';
import type { InstanceIndex } from './instance-index.js';
import {
  createOffer,
  encodeOffer,
  type MigratedInstance,
  type MigrationTrust,
  openBlob,
  sealForOffer,
  verifyBlob,
  verifyOffer,
} from './migration.js';
import { Offers } from './offers.js';
import { driverOf, type InstancesParts } from './parts.js';
import { decodeRecord, encodeRecord, type InstanceRecord } from './record.js';
import type { RecordWith } from './types.js';

const offerLifetime = 15 * 60_000;

/** Virtual TPMs on their way between hosts. Its caller lets one operation at a time through for each VM. */
export class Transfers {
  readonly #parts: InstancesParts;
  readonly #index: InstanceIndex;
  readonly #offers: Offers;

  constructor(parts: InstancesParts, index: InstanceIndex) {
    this.#parts = parts;
    this.#index = index;
    this.#offers = new Offers(parts.protection);
  }

  async prepare(vmUuid: string, record?: RecordWith): Promise<Uint8Array> {
    this.#refuseExisting(vmUuid);
    const { authority, randomness, clock, store } = this.#parts;
    const made = createOffer(authority, randomness, vmUuid, clock.now() + offerLifetime);
    await store.transaction((tx) => {
      this.#offers.add(tx, made, clock.now());
      record?.(tx);
    });
    return encodeOffer(made.offer);
  }

  async send(
    instance: Instance,
    offerBytes: Uint8Array,
    targetHost: string | undefined,
    record?: RecordWith,
  ): Promise<Uint8Array> {
    const { vmUuid } = instance;
    const offer = verifyOffer(offerBytes, this.#trust());
    if (offer.vmUuid !== vmUuid) throw new VtpmError('vtpm_offer_invalid', 'the offer is for another VM');
    if (targetHost !== undefined && offer.target.host?.hostUuid !== targetHost)
      throw new VtpmError('vtpm_offer_invalid', 'the offer is by another host');
    if (this.#offers.has(offer.id)) throw new VtpmError('vtpm_offer_invalid', 'the offer is by this host itself');
    if (instance.powered !== null) throw new VtpmError('vtpm_in_use', `the virtual TPM of VM ${vmUuid} runs`);
    const { authority, randomness, vault, protection } = this.#parts;
    const image = vault.read(instance.uuid);
    // One more than at any time before, also on hosts where it was earlier.
    const sequence = this.#index.highWater(instance.identity.ekName) + 1;
    const { ekName } = instance.identity;
    const migrated = { record: encodeRecord(instance.record), vmUuid, ekName, sequence, image };
    const blob = sealForOffer(migrated, offer, authority, randomness);
    const revoked = { record: instance.record, reason: 'superseded' } as const;
    await this.#index.setState(instance, 'migrated', { sequence, revoked, write: record });
    // Before anybody has it elsewhere: an older copy of this host's data must not bring it back.
    await protection.mark();
    return blob;
  }

  async take(vmUuid: string, blob: Uint8Array, record?: RecordWith): Promise<InstanceRecord> {
    this.#refuseExisting(vmUuid);
    const { offerId, body } = verifyBlob(blob, this.#trust());
    const open = this.#offers.find(offerId, this.#parts.clock.now());
    if (open === undefined) {
      throw new VtpmError('vtpm_blob_invalid', 'this host has no such offer, or it was used before');
    }
    const migrated = openBlob(body, open.offer, open.privateKey);
    const sent = recordOf(migrated);
    const bound = [migrated.vmUuid, sent.vmUuid, open.offer.vmUuid].every((uuid) => uuid === vmUuid);
    if (!bound || !equalBytes(nameOf(sent.identity.ekPublic), migrated.ekName))
      throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is of another VM');
    const namesake = this.#index.find(sent.uuid);
    if (namesake !== undefined && namesake.vmUuid !== vmUuid)
      throw new VtpmError('vtpm_blob_invalid', 'the exported TPM has the name of one of another VM that is here');
    const { sequence } = migrated;
    if (sequence <= this.#index.highWater(migrated.ekName))
      throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is older than one that was here');
    const ekCertificateChain = this.#index.certify(sent, sent.identity.ekPublic);
    const taken: InstanceRecord = {
      ...sent,
      state: migrated.image.volatile === null ? 'off' : 'suspended',
      identity: { ...sent.identity, ekCertificateChain },
    };
    await driverOf(this.#parts, taken).importState(taken.uuid, migrated.image);
    const former = this.#index.ofVm(vmUuid);
    await this.#index.save(taken, {
      sequence,
      write: (tx) => {
        // The VM had another one here, which it took along and gave up since then.
        if (former !== undefined && former.uuid !== taken.uuid) this.#parts.vault.remove(tx, former.uuid);
        this.#offers.use(tx, offerId);
        record?.(tx);
      },
    });
    return taken;
  }

  async takeBack(instance: Instance, record?: RecordWith): Promise<void> {
    if (instance.state !== 'migrated')
      throw new VtpmError('vtpm_not_migrated', `the virtual TPM of VM ${instance.vmUuid} is ${instance.state}`);
    const { volatile } = this.#parts.vault.read(instance.uuid);
    await this.#index.recertify(instance, volatile === null ? 'off' : 'suspended', { write: record });
  }

  #refuseExisting(vmUuid: string): void {
    const existing = this.#index.ofVm(vmUuid);
    if (existing !== undefined && existing.state !== 'migrated')
      throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM here`);
  }

  #trust(): MigrationTrust {
    const { anchors, crls, clock } = this.#parts;
    return { anchors, options: { now: clock.now(), crls: crls() } };
  }
}

/** What the source says of the TPM: the host is certified, what it says is not to be believed unseen. */
function recordOf({ record }: MigratedInstance): InstanceRecord {
  try {
    return decodeRecord(record);
  } catch (cause) {
    throw new VtpmError('vtpm_blob_invalid', 'the exported TPM has no description that can be read', { cause });
  }
}
