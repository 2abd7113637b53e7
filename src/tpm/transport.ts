/**
 * A TPM 2.0, whatever it is made of: one command frame in, one response frame out (TPM 2.0 Part 1, 18). Commands are
 * carried out one after another in the order of the calls.
 */
export interface TpmTransport {
  transmit(command: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}
