import { tpmAlgorithms, tpmHandles } from '../constants/index.js';
import { readSized, writePcrSelection, writeSized } from '../structures/index.js';
import type { CommandRunner } from './runner.js';
import type { TpmSession } from './session.js';
import type { SessionCommands } from './types.js';

const sessionTypes = { hmac: 0, policy: 1, trial: 3 } as const;
const none = new Uint8Array(0);

export function createSessionCommands(runner: CommandRunner): SessionCommands {
  return {
    async startSession(kind, hash = 'sha256') {
      const nonceCaller = runner.randomness.bytes(16);
      const { handle, reader } = await runner.run('startAuthSession', {
        handles: [tpmHandles.null, tpmHandles.null],
        parameters: (writer) => {
          writeSized(writer, nonceCaller);
          writeSized(writer, none);
          writer.u8(sessionTypes[kind]).u16(tpmAlgorithms.null).u16(tpmAlgorithms[hash]);
        },
      });
      const nonceTpm = readSized(reader);
      return { handle, kind, hash, nonceCaller, nonceTpm, policyPassword: false, policyAuthValue: false };
    },
    async policySecret(session, authHandle, auth) {
      await runner.run('policySecret', {
        handles: [authHandle, session.handle],
        auths: [auth],
        parameters: (writer) => {
          writer.u16(0).u16(0).u16(0).u32(0);
        },
      });
    },
    async policyPcr(session, selection, pcrDigest = none) {
      await runner.run('policyPcr', {
        handles: [session.handle],
        parameters: (writer) => {
          writeSized(writer, pcrDigest);
          writePcrSelection(writer, selection);
        },
      });
    },
    async policyCommandCode(session, code) {
      await runner.run('policyCommandCode', { handles: [session.handle], parameters: (writer) => writer.u32(code) });
    },
    async policyAuthValue(session) {
      await runner.run('policyAuthValue', { handles: [session.handle] });
      setMode(session, false, true);
    },
    async policyPassword(session) {
      await runner.run('policyPassword', { handles: [session.handle] });
      setMode(session, true, false);
    },
    async policyOr(session, digests) {
      await runner.run('policyOr', {
        handles: [session.handle],
        parameters: (writer) => {
          writer.u32(digests.length);
          for (const digest of digests) writeSized(writer, digest);
        },
      });
    },
    async policyRestart(session) {
      await runner.run('policyRestart', { handles: [session.handle] });
      setMode(session, false, false);
    },
    async policyGetDigest(session) {
      const { reader } = await runner.run('policyGetDigest', { handles: [session.handle] });
      return readSized(reader);
    },
  };
}

function setMode(session: TpmSession, password: boolean, authValue: boolean): void {
  session.policyPassword = password;
  session.policyAuthValue = authValue;
}
