import { messageOf } from '../base/index.js';
import { exitStatus } from './exit.js';
import { runCommandLine } from './run.js';

// `tvdc … | head` is no failure: who reads decides when there is enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// No await here: commands that are loaded later import from this file, which must have ended by then.
runCommandLine(process.argv.slice(2), { out: process.stdout, notes: process.stderr }).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`tvdc: ${error instanceof Error ? error.stack : messageOf(error)}\n`);
    process.exitCode = exitStatus.internal;
  },
);
