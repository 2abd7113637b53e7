import type { ReferenceMonitor } from '../../acm/index.js';
import {
  createEventLog,
  createImaLog,
  type EventLogWriter,
  type ImaLogPart,
  tcgEventTypes,
} from '../../tpm/logs/index.js';
import { extendEvents, type TpmClient } from '../../tpm/index.js';
import { readImage } from './image.js';
import { measureBoot, measuredBanks } from './measured-boot.js';

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
  #measurements: Uint8Array = new Uint8Array(0);
  readonly #isolation: EventLogWriter = createEventLog({ banks: measuredBanks });
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
    this.#measurements = boot.measurements;
  }

  /** Extends PCR 13 with the policy that is enforced now; nothing happens where it has not changed. */
  async extendIsolation(monitor: ReferenceMonitor): Promise<void> {
    const { policy, systemLabel } = monitor;
    const data = this.#encode({
      policyName: policy.name,
      policyVersion: policy.version,
      documentSha256: policy.sha256,
      systemLabel,
    });
    const text = Buffer.from(data).toString('hex');
    if (text === this.#last) return;
    const { digests } = this.#isolation.append({ pcr: isolationPcr, type: tcgEventTypes.EV_EVENT_TAG, data });
    this.#last = text;
    await extendEvents(this.#client, [
      {
        pcr: isolationPcr,
        digests: measuredBanks.flatMap((algorithm) => {
          const digest = digests[algorithm];
          return digest === undefined ? [] : [{ algorithm, digest }];
        }),
      },
    ]);
  }

  get eventLog(): Uint8Array {
    return this.#eventLog;
  }

  get isolationLog(): Uint8Array {
    return this.#isolation.toBytes();
  }

  measurements(start: number, maxEntries: number): ImaLogPart {
    return createImaLog({ existing: this.#measurements }).part(start, maxEntries);
  }
}
