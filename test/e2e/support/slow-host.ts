import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openManagementVm } from '../../../src/host/management-vm/index.js';

// A management VM to be killed: its drivers take their time, and calls soon become jobs.
const [folder = '', patience, delay] = process.argv.slice(2);
const host = await openManagementVm({
  folder,
  name: 'slow-host',
  listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
  vtpm: 'software',
  sample: true,
  jobPatience: Number(patience),
  embeddedDelay: Number(delay),
});
const secret = readFileSync(join(folder, 'admin.secret'), 'utf8').trim();
process.stdout.write(`serves ${host.server.addresses[0]?.url ?? ''} secret ${secret}\n`);
