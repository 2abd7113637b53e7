import { type Log, messageOf } from '../../base/index.js';

/** One step of a transition and how it is taken back. */
export interface Step {
  readonly name: string;
  run(): Promise<void>;
  /** Takes the step back; must also work when the step was done only in part. */
  undo(): Promise<void>;
}

/**
 * Runs steps in order. If one fails, it and those before it are undone in reverse and the failure is thrown; an undo that
 * fails itself is logged and does not stop the others.
 */
export async function runSteps(steps: readonly Step[], log: Log): Promise<void> {
  const begun: Step[] = [];
  try {
    for (const step of steps) {
      begun.push(step);
      await step.run();
    }
  } catch (error) {
    for (const step of begun.reverse()) {
      await step
        .undo()
        .catch((failure: unknown) => log.error('undo failed', { step: step.name, error: messageOf(failure) }));
    }
    throw error;
  }
}
