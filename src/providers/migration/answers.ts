import type { CimValue } from '../../cim/index.js';
import type { MethodOutcome } from '../../cimom/index.js';
import { MigrationRefusedError, type Objection } from '../../vmm/index.js';
import { ownOutcome, returnCodes } from '../kit/index.js';

/** What stands against a migration, as OUT parameters. */
export function objectionsOut(objections: readonly Objection[]): Readonly<Record<string, CimValue>> {
  return {
    ReasonCodes: objections.map(({ reason }) => reason),
    Reasons: objections.map(({ sentence }) => sentence),
    ByPolicy: objections.map(({ byPolicy }) => byPolicy),
  };
}

/** Runs a method; a refusal becomes 32768 where policy refused, otherwise 4, with all that stands against the migration. */
export function migrationOutcome(work: () => Promise<MethodOutcome>): Promise<MethodOutcome> {
  return ownOutcome(async () => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MigrationRefusedError)) throw error;
      const { objections, byPolicy, decisionId, message } = error;
      return {
        returnValue: byPolicy ? returnCodes.refusedByPolicy : returnCodes.failed,
        out: { ...objectionsOut(objections), Explanation: message, DecisionID: decisionId },
      };
    }
  });
}
