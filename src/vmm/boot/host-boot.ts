import type { ReferenceMonitor } from '../../acm/index.js';
import { createKeyedLock, toHex } from '../../base/index.js';
import {
  createEventLog,
  createImaLog,
  type ImaLog,
  type EventLogWriter,
  type ImaLogPart,
  tcgEventTypes,
} from '../../tpm/logs/index.js';
import { extendEvents, type TpmClient } from '../../tpm/index.js';
import { readImage } from './image.js';
import { measureBoot, measuredBanks, toExtension } from './measured-boot.js';

/** Data of an event about the enforced policy; written by who knows its form. */
export type IsolationEncoder = (state: {
  readonly policyName: string;
  readonly policyVersion: string;
  readonly documentSha256: string;
  readonly systemLabel: string;
}) => Uint8Array;

const isolationPcr = 13;

/** Measurements of the host itself: its boot, and which policy it enforces. */
export class HostBoot {
  readonly #client: TpmClient;
  readonly #encode: IsolationEncoder;
  #eventLog: Uint8Array = new Uint8Array(0);
  #measurements: ImaLog = createImaLog();
  readonly #isolation: EventLogWriter = createEventLog({ banks: measuredBanks });
  readonly #order = createKeyedLock();
  #last = '';

  constructor(client: TpmClient, encode: IsolationEncoder) {
    this.#client = client;
    this.#encode = encode;
  }

  /** Boots the simulated host: its TPM has just started. @throws ConfigurationError `bad_image` */
  async measure(imageFolder: string): Promise<void> {
    const boot = await measureBoot(await readImage(imageFolder));
    await extendEvents(this.#client, boot.extensions);
    this.#eventLog = boot.eventLog;
    this.#measurements = createImaLog({ existing: boot.measurements });
  }

  /** Extends PCR 13 with the policy that is enforced now; nothing happens where it has not changed. */
  extendIsolation(monitor: ReferenceMonitor): Promise<void> {
    return this.#order.run('', async () => {
      const { policy, systemLabel } = monitor;
      const data = this.#encode({
        policyName: policy.name,
        policyVersion: policy.version,
        documentSha256: policy.sha256,
        systemLabel,
      });
      const text = toHex(data);
      if (text === this.#last) return;
      const event = { pcr: isolationPcr, type: tcgEventTypes.EV_EVENT_TAG, data };
      const { digests } = createEventLog({ banks: measuredBanks }).append(event);
      await extendEvents(this.#client, [toExtension(isolationPcr, digests)]);
      // After the TPM: a log that says more than the PCR could never be believed again.
      this.#isolation.append(event);
      this.#last = text;
    });
  }

  get eventLog(): Uint8Array {
    return this.#eventLog;
  }

  get isolationLog(): Uint8Array {
    return this.#isolation.toBytes();
  }

  measurements(start: number, maxEntries: number): ImaLogPart {
    return this.#measurements.part(start, maxEntries);
  }
}
