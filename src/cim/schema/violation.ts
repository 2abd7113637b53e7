import { CimError } from '../operations/index.js';

/** A class declaration against a rule (status 4): the sentence begins with the place. */
export class ClassViolation extends CimError {
  /** `Class`, `Class.Property`, `Class.Method` or `Class.Method(Parameter)`. */
  readonly place: string;
  /** Name of the qualifier that is wrong, if it is one. */
  readonly qualifier: string | null;

  constructor(place: string, sentence: string, qualifier: string | null = null) {
    super(4, `${place}${qualifier === null ? '' : `, qualifier ${qualifier}`}: ${sentence}`);
    this.place = place;
    this.qualifier = qualifier;
  }
}
