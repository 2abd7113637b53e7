import { placedResponseCodes, plainResponseCodes } from '../../../tpm/index.js';

/** A command ends with a response code; thrown inside the software TPM only. */
export class CommandFailure extends Error {
  readonly responseCode: number;

  constructor(responseCode: number) {
    super(`TPM_RC 0x${responseCode.toString(16)}`);
    this.responseCode = responseCode;
  }
}

export type PlainCode = keyof typeof plainResponseCodes;
export type PlacedCode = keyof typeof placedResponseCodes;

/** An error that points to nothing. */
export function fail(code: PlainCode | PlacedCode): never {
  throw new CommandFailure(
    code in plainResponseCodes ? plainResponseCodes[code as PlainCode] : placedResponseCodes[code as PlacedCode],
  );
}

/** An error of the `number`th parameter, counted from 1. */
export function failParameter(code: PlacedCode, number: number): never {
  throw new CommandFailure(placedResponseCodes[code] | 0x40 | (number << 8));
}

/** An error of the `number`th handle, counted from 1. */
export function failHandle(code: PlacedCode, number: number): never {
  throw new CommandFailure(placedResponseCodes[code] | (number << 8));
}

/** An error of the `number`th session, counted from 1. */
export function failSession(code: PlacedCode, number: number): never {
  throw new CommandFailure(placedResponseCodes[code] | 0x800 | (number << 8));
}
