import type { PcrCommands, TaggedDigest } from './client/index.js';

/** What one measured event extends: digests for one PCR. */
export interface ExtendedEvent {
  readonly pcr: number;
  readonly digests: readonly TaggedDigest[];
}

/** Extends events in order, one command for each. Stops at the first that the TPM refuses. */
export async function extendEvents(
  client: Pick<PcrCommands, 'pcrExtend'>,
  events: Iterable<ExtendedEvent>,
): Promise<number> {
  let extended = 0;
  for (const { pcr, digests } of events) {
    await client.pcrExtend(pcr, digests);
    extended++;
  }
  return extended;
}
