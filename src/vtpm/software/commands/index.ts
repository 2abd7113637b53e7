import type { CommandTable } from '../core/dispatch.js';
import { attestationCommands } from './attestation.js';
import { capabilityCommands, setImplementedCommands } from './capability.js';
import { contextCommands } from './context.js';
import { credentialCommands } from './credential.js';
import { hierarchyCommands } from './hierarchy.js';
import { nvCommands } from './nv.js';
import { objectCommands } from './objects.js';
import { pcrCommands } from './pcr.js';
import { policyCommands } from './policy.js';
import { startupCommands } from './startup.js';

/** Every command of the software TPM. */
export const commandTable: CommandTable = new Map([
  ...startupCommands,
  ...capabilityCommands,
  ...pcrCommands,
  ...objectCommands,
  ...credentialCommands,
  ...attestationCommands,
  ...policyCommands,
  ...nvCommands,
  ...hierarchyCommands,
  ...contextCommands,
]);

setImplementedCommands([...commandTable.keys()]);

export { finishHashSequence } from './startup.js';
