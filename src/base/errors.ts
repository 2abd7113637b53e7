/** Machine-readable facts about a failure; never secrets. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
}

/**
 * The one base of every error that this project throws on purpose.
 * Match on `code`, which is stable, never on `message`, which is for people.
 */
export class TvdcError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Text that could not be read: says where. `line` and `column` count from 1. */
export class ParseError<Code extends string = string> extends TvdcError<Code> {
  readonly line: number;
  readonly column: number;

  constructor(
    code: Code,
    message: string,
    place: { readonly line: number; readonly column: number },
    options?: ErrorOptions,
  ) {
    super(code, `${message} (line ${place.line}, column ${place.column})`, options);
    this.line = place.line;
    this.column = place.column;
  }
}

/** Bytes that could not be decoded: says at which offset. */
export class DecodeError<Code extends string = string> extends TvdcError<Code> {
  readonly offset: number;

  constructor(code: Code, message: string, offset: number, options?: ErrorOptions) {
    super(code, `${message} (byte ${offset})`, options);
    this.offset = offset;
  }
}

/** The environment, a setting or a file is wrong; the message says what, where and what to do. */
export class ConfigurationError extends TvdcError {}

/** Text of anything thrown, for logs and for users. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the `default` of a switch over a union: a compile-time error if a case is missing. */
export function unreachable(value: never): never {
  throw new TvdcError('internal', `unexpected value ${JSON.stringify(value)}`);
}
