import { TvdcError } from '../../base/index.js';
import { type Command12, type ReturnCode12, returnCodes12 } from './constants.js';

function nameOf(returnCode: number): ReturnCode12 {
  for (const [name, value] of Object.entries(returnCodes12)) if (value === returnCode) return name as ReturnCode12;
  return 'TPM_UNKNOWN_RETURN_CODE';
}

/** A TPM 1.2 refused a command: `code` is the name of its return code (TPM Main 1.2 Part 2, 16). */
export class Tpm12Error extends TvdcError<ReturnCode12> {
  readonly returnCode: number;

  constructor(returnCode: number, command: Command12) {
    super(nameOf(returnCode), `${command}: ${nameOf(returnCode)} (0x${returnCode.toString(16)})`, {
      details: { command, returnCode },
    });
    this.returnCode = returnCode;
  }
}
