export { createTpmClient } from './client.js';
export type { AuthorizationAnswer, AuthorizationEntry, DecodedResponse } from './frame.js';
export { decodeResponse, encodeCommand, responseCodeOf } from './frame.js';
export { trimAuth } from './runner.js';
export type { TpmSession } from './session.js';
export type {
  AdministrationCommands,
  AttestationCommands,
  CreatedObject,
  CreateOptions,
  CredentialBlob,
  DictionaryAttackParameters,
  KeyCommands,
  LoadedKey,
  NvCommands,
  NvDefinition,
  PcrCommands,
  PcrReading,
  PcrValue,
  SessionCommands,
  SignedAttest,
  TaggedDigest,
  TpmAuthorization,
  TpmClient,
  TpmProperties,
} from './types.js';
