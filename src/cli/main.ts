import { runCommandLine } from './run.js';

// `tvdc … | head` is no failure: who reads decides when there is enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCommandLine(process.argv.slice(2), { out: process.stdout, notes: process.stderr });
