import { createTpm12Client, createTpmClient, type TpmTransport } from '../../tpm/index.js';

/** What differs between the TPMs that swtpm carries out. */
export interface SwtpmFamily {
  readonly options: readonly string[];
  /** Its state files are named `<name>.permall` and `<name>.volatilestate`. */
  readonly stateName: string;
  /** The first command after power on. */
  startup(transport: TpmTransport): Promise<void>;
}

export const tpm20Family: SwtpmFamily = {
  options: ['--tpm2'],
  stateName: 'tpm2-00',
  startup: (transport) => createTpmClient(transport).startup('clear'),
};

export const tpm12Family: SwtpmFamily = {
  options: [],
  stateName: 'tpm-00',
  startup: (transport) => createTpm12Client(transport).startup(),
};
