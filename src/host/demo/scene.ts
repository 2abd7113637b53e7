import { CimError, type CimInstance } from '../../cim/index.js';
import type { DecisionAnswer, ManagedHost } from '../../client/management/index.js';
import { MethodRefusedError } from '../../client/management/index.js';
import type { DemoPart, DemoProgress, DemoStep } from './report.js';

/** What somebody tried came to this. */
export interface Outcome {
  readonly permit: boolean;
  readonly reason: string | null;
  readonly sentence: string;
  /** CIM status where the operation itself failed. */
  readonly status: number | null;
}

interface Expected {
  readonly permit: boolean;
  readonly reason?: string;
  /** Words that the server's sentence must contain. */
  readonly mentions?: readonly string[];
  readonly status?: number;
}

/** Carries out steps one after another and keeps what came of them. */
export class Scene {
  readonly steps: DemoStep[] = [];
  readonly #progress: DemoProgress;
  readonly #part: DemoPart;

  constructor(part: DemoPart, progress: DemoProgress) {
    this.#part = part;
    this.#progress = progress;
  }

  #add(step: Omit<DemoStep, 'part'>): void {
    const made: DemoStep = { part: this.#part, ...step };
    this.steps.push(made);
    this.#progress.done(made);
  }

  /** Preparation: it has to succeed, else the demonstration ends here. */
  async prepare<T>(title: string, work: () => Promise<T>, describe: (result: T) => string = () => ''): Promise<T> {
    this.#progress.begin(title);
    const result = await work();
    this.#add({ event: null, title, outcome: 'done', reason: null, sentence: describe(result), asExpected: true });
    return result;
  }

  /** Something that the host decides. */
  async decide(event: string, title: string, expected: Expected, work: () => Promise<Outcome>): Promise<Outcome> {
    this.#progress.begin(title);
    const outcome = await work();
    const asExpected =
      outcome.permit === expected.permit &&
      (expected.reason === undefined || outcome.reason === expected.reason) &&
      (expected.status === undefined || outcome.status === expected.status) &&
      (expected.mentions ?? []).every((word) => outcome.sentence.includes(word));
    const { permit, reason, sentence } = outcome;
    this.#add({ event, title, outcome: permit ? 'permit' : 'deny', reason, sentence, asExpected });
    return outcome;
  }

  /** Something that is found out. */
  async find(
    title: string,
    work: () => Promise<{
      readonly outcome: string;
      readonly sentence: string;
      readonly asExpected: boolean;
      readonly reason?: string;
    }>,
  ): Promise<void> {
    this.#progress.begin(title);
    const { outcome, sentence, asExpected, reason } = await work();
    this.#add({ event: null, title, outcome, reason: reason ?? null, sentence, asExpected });
  }
}

/** An answer of EvaluateAccess as an outcome. */
export function asOutcome(answer: DecisionAnswer): Outcome {
  const { permit, reason, sentence } = answer;
  return { permit, reason, sentence, status: null };
}

/** The newest decision in the host's log. */
async function newestDecision(host: ManagedHost): Promise<CimInstance | undefined> {
  let newest: CimInstance | undefined;
  for await (const record of host.client.instances('TVDC_AccessDecision', { namespace: host.namespace }))
    newest = record;
  return newest;
}

/**
 * Tries something; a refusal is an outcome, not an error. Its reason is read from the decision log, where the host
 * has recorded it.
 * @param log a host seen by somebody who may read the log
 */
export async function attempt(log: ManagedHost, work: () => Promise<string | void>): Promise<Outcome> {
  try {
    const sentence = await work();
    return { permit: true, reason: null, sentence: sentence ?? '', status: null };
  } catch (error) {
    const refused = error instanceof MethodRefusedError || (error instanceof CimError && [1, 2].includes(error.status));
    if (!refused) throw error;
    const record = await newestDecision(log);
    return {
      permit: false,
      reason: record?.getString('Reason') ?? null,
      sentence: error instanceof CimError ? error.description : error.explanation,
      status: error instanceof CimError ? error.status : null,
    };
  }
}
