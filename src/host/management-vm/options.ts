import type { PolicyMode } from '../../acm/index.js';
import type { ServerListen } from '../../http/server/index.js';
import type { FoundationOptions } from '../foundation/index.js';
import type { ProviderFile } from '../provider-files/index.js';

export const vtpmChoices = ['auto', 'software', 'swtpm'] as const;
export type VtpmChoice = (typeof vtpmChoices)[number];

/** How a management VM is set up. */
export interface ManagementVmOptions extends Omit<FoundationOptions, 'personality' | 'folder'> {
  /** Data folder: everything that this host keeps. */
  readonly folder: string;
  /** Where it listens; a function is asked once the data folder is there. */
  readonly listen: readonly ServerListen[] | (() => Promise<readonly ServerListen[]>);
  /** `auto`: swtpm where it is installed, else the software TPM. */
  readonly vtpm: VtpmChoice;
  /** TPM that seals the key of virtual TPMs: `auto`, `none` (default), a device, or `host:port`. */
  readonly sealTpm?: string;
  /** PCRs of that TPM which a newly sealed key is bound to. */
  readonly sealPcrs?: string;
  readonly mode?: PolicyMode;
  /** Milliseconds that the embedded drivers take for each change of a domain and each mebibyte that they erase. */
  readonly embeddedDelay?: number;
  /** Milliseconds that a caller waits before work becomes a job. */
  readonly jobPatience?: number;
  /** Milliseconds that other hosts have for their answers when this one ends; 5 s if left out. */
  readonly closingPatience?: number;
  /** Puts the sample datacenter on an empty host. */
  readonly sample: boolean;
  /** Names and addresses under which clients reach this host. */
  readonly hostNames?: readonly string[];
  /** Hosts besides this one to which indications may be sent. */
  readonly destinations?: readonly string[];
  /** The list of hosts with which virtual machines may be exchanged; left out: `peers.json` of the data folder. */
  readonly peers?: string;
  /** Whether clients that ask get compressed answers; default true. */
  readonly gzip?: boolean;
  /** Providers in processes of their own. */
  readonly providerFiles?: readonly ProviderFile[];
}
