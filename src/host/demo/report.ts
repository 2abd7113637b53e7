/** The two halves of the paper. */
export type DemoPart = 'isolation' | 'integrity';

/** One thing that was done and what came of it. */
export interface DemoStep {
  readonly part: DemoPart;
  /** Number of the event in the sample scenario; null for preparation. */
  readonly event: string | null;
  readonly title: string;
  /** `permit` or `deny` for decisions, else what was done. */
  readonly outcome: string;
  /** Word of the decision, where there is one. */
  readonly reason: string | null;
  /** The server's own sentence. */
  readonly sentence: string;
  /** Whether it is what the paper says. */
  readonly asExpected: boolean;
}

/** What was found out about one system. */
export interface DemoVerdict {
  readonly name: string;
  readonly verdict: string;
  readonly assurance: string;
  readonly covered: number;
  readonly reasons: readonly string[];
}

export interface DemoAlert {
  readonly className: string;
  readonly messageId: string;
  readonly message: string;
}

export interface DemoReport {
  readonly ok: boolean;
  readonly steps: readonly DemoStep[];
  readonly verdicts: readonly DemoVerdict[];
  readonly alerts: readonly DemoAlert[];
}

/** Told while the demonstration runs. */
export interface DemoProgress {
  /** A step begins. */
  begin(title: string): void;
  /** A step has its outcome. */
  done(step: DemoStep): void;
}
