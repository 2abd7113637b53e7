export { mostCargo } from './cargo.js';
export { dropIncoming } from './incoming-end.js';
export { type HandDecision, handDecisions, Migrations } from './migrations.js';
export type { MigrateOptions, MigrationResult } from './outgoing.js';
export { type PastMigration, pastMigrations } from './past.js';
export {
  type ArrivalOutcome,
  type DepartureOutcome,
  type MigrationPeer,
  type MigrationPeers,
  type Preparation,
} from './peer.js';
export { decodeProposal, encodeProposal, type MigrationProposal } from './proposal.js';
export { MigrationRefusedError, type Objection } from './refused.js';
