// The house: which room may import which. Imports run downwards only.
const rooms = {
  base: [],
  xml: ['base'],
  store: ['base'],
  cim: ['base', 'xml'],
  http: ['base', 'cim'],
  cimom: ['base', 'store', 'cim'],
  acm: ['base', 'store', 'xml'],
  tpm: ['base'],
  vtpm: ['base', 'store', 'tpm'],
  attestation: ['base', 'store', 'tpm', 'vtpm/certificates'],
  vmm: ['base', 'store', 'xml', 'acm', 'tpm', 'vtpm'],
  providers: ['base', 'cim', 'cimom', 'vmm', 'acm', 'tpm', 'vtpm', 'attestation'],
  client: ['base', 'cim', 'http', 'acm', 'attestation', 'tpm'],
  host: [
    'base',
    'xml',
    'store',
    'cim',
    'http',
    'cimom',
    'acm',
    'tpm',
    'vtpm',
    'attestation',
    'vmm',
    'providers',
    'client',
  ],
  cli: ['base', 'xml', 'store', 'cim', 'http', 'cimom', 'acm', 'tpm', 'vtpm', 'attestation', 'vmm', 'client', 'host'],
};

const houseRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `house-${room}`,
  comment: `src/${room} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: [room, ...allowed].map((name) => `^src/${name}/`) },
}));

module.exports = {
  forbidden: [
    ...houseRules,
    {
      name: 'no-circular',
      comment: 'not by types either',
      severity: 'error',
      from: { pathNot: '^src/cim/model/' },
      to: { circular: true },
    },
    {
      name: 'no-circular-model',
      comment: 'a value may be an instance and an instance has values: their types name each other',
      severity: 'error',
      from: { path: '^src/cim/model/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'doors-only',
      comment: 'a room is entered through an index.ts, never through a file behind it',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    { name: 'no-test-imports', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
