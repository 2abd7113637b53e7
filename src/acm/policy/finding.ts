import { ParseError } from '../../base/index.js';
import { type XserrName, xserrNumber } from './xserr.js';

/** Where in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a policy, or (severity `warning`) that its author should look at. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Null for warnings: the original knows none of them. */
  readonly xserr: XserrName | null;
  /** The positive number of `xserr`, 0 for warnings. */
  readonly code: number;
  /** Path of the element in the JSON form, for example `vm_labels[2].ste[0]`. */
  readonly element: string;
  /** Null where the policy was not read from text. */
  readonly position: Position | null;
  readonly message: string;
}

/** The text is not a policy: not well-formed (`XSERR_XML_PROCESSING`) or against the schema (`XSERR_BAD_XML`). */
export class PolicyFormatError extends ParseError<XserrName> {
  readonly element: string;

  constructor(code: XserrName, message: string, element: string, position: Position, cause?: unknown) {
    super(code, message, position, { ...(cause === undefined ? {} : { cause }), details: { element } });
    this.element = element;
  }

  /** The same as a finding, for lists. */
  finding(): Finding {
    return {
      severity: 'error',
      xserr: this.code,
      code: xserrNumber(this.code),
      element: this.element,
      position: { line: this.line, column: this.column },
      message: this.message,
    };
  }
}
