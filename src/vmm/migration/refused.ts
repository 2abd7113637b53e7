import { TvdcError } from '../../base/index.js';

/** One reason why a destination does not take a virtual machine. */
export interface Objection {
  /** A reason of the reference monitor, or a word of ours: `uuid_in_use`, `volume_unknown` and so on. */
  readonly reason: string;
  readonly sentence: string;
  /** Whether policy refused, so that nothing but another policy or label helps. */
  readonly byPolicy: boolean;
}

/** The destination said no; it holds nothing of the migration. */
export class MigrationRefusedError extends TvdcError<'migration_refused'> {
  readonly objections: readonly Objection[];
  /** Record of the refusal at the destination; null where none was made. */
  readonly decisionId: string | null;

  constructor(objections: readonly Objection[], decisionId: string | null = null) {
    super('migration_refused', objections.map(({ sentence }) => sentence).join(' '), {
      details: { reasons: objections.map(({ reason }) => reason) },
    });
    this.objections = objections;
    this.decisionId = decisionId;
  }

  get byPolicy(): boolean {
    return this.objections.some((objection) => objection.byPolicy);
  }
}
