import { CimError } from '../../cim/operations/index.js';

/** Nobody waits for the operation any more: no fault of its provider. The reason of every aborted signal of a call. */
export class OperationEnded extends CimError {
  constructor() {
    super(1, 'the operation was ended');
  }
}
