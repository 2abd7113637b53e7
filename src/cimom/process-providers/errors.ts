import { TvdcError } from '../../base/index.js';

/**
 * - `provider_unavailable`: the process cannot be started or reached, or ended before it answered
 * - `provider_protocol`: what it sent is not JSON-RPC, too large, or not a value of the class
 * - `provider_late`: no answer in time
 * - `provider_busy`: it does not take its requests
 * - `provider_failed`: it answered with an error that is no CIM status
 */
export type ProviderProcessErrorCode =
  | 'provider_unavailable'
  | 'provider_protocol'
  | 'provider_late'
  | 'provider_busy'
  | 'provider_failed';

/** A provider in a process of its own could not do what it was asked for. */
export class ProviderProcessError extends TvdcError<ProviderProcessErrorCode> {}

export function badAnswer(message: string): ProviderProcessError {
  return new ProviderProcessError('provider_protocol', message);
}

const longestText = 1000;

/** Text of another program as a part of a sentence: bounded, and without what XML cannot carry. */
export function foreignText(text: string): string {
  return text.slice(0, longestText).replace(/[^\x20-\ud7ff\ue000-\ufffd]/g, '?');
}
