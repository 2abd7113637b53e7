import { type Randomness, systemRandomness } from '../../base/index.js';
import type { TpmTransport } from '../transport.js';
import { createAdministrationCommands } from './administration.js';
import { createAttestationCommands } from './attestation.js';
import { createKeyCommands } from './keys.js';
import { createNvCommands } from './nv.js';
import { createPcrCommands } from './pcr.js';
import { createSessionCommands } from './policy.js';
import { createCommandRunner } from './runner.js';
import type { TpmClient } from './types.js';

/** Typed commands over a transport. `randomness` makes the nonces of sessions. */
export function createTpmClient(transport: TpmTransport, randomness: Randomness = systemRandomness): TpmClient {
  const runner = createCommandRunner(transport, randomness);
  return {
    ...createAdministrationCommands(runner),
    ...createPcrCommands(runner),
    ...createKeyCommands(runner),
    ...createAttestationCommands(runner),
    ...createSessionCommands(runner),
    ...createNvCommands(runner),
    close: () => transport.close(),
  };
}
