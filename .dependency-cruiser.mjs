// The layers of src/: imports point down only, adapters are strangers, each third-party package has one folder.
const adapters = ['listen', 'authn', 'authz', 'store', 'pki', 'journal', 'metrics', 'manage', 'cluster', 'routes']
const layer = (names) => `^src/(${names.join('|')})/`
const only = (name, folders, packages) => ({
  name,
  severity: 'error',
  comment: `${packages.join(', ')} may be imported in src/${folders.join(', src/')} only`,
  from: { path: '^src/', pathNot: layer(folders) },
  to: { path: packages.map((p) => `node_modules/${p}/`) },
})

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'base-knows-nothing',
      severity: 'error',
      from: { path: layer(['base']) },
      to: { path: '^src/', pathNot: layer(['base']) },
    },
    {
      name: 'config-on-base',
      severity: 'error',
      from: { path: layer(['config']) },
      to: { path: '^src/', pathNot: layer(['base', 'config']) },
    },
    {
      name: 'packet-is-pure',
      severity: 'error',
      from: { path: layer(['packet']) },
      to: { path: '^src/', pathNot: layer(['packet', 'base']) },
    },
    {
      name: 'topic-is-pure',
      severity: 'error',
      from: { path: layer(['topic']) },
      to: { path: '^src/', pathNot: layer(['topic', 'packet', 'base']) },
    },
    {
      name: 'engine-below-adapters',
      severity: 'error',
      from: { path: layer(['engine']) },
      to: { path: '^src/', pathNot: layer(['engine', 'topic', 'packet', 'base']) },
    },
    {
      name: 'engine-no-third-party',
      severity: 'error',
      from: { path: layer(['base', 'packet', 'topic', 'engine']), pathNot: '^src/base/log' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'engine-no-io',
      severity: 'error',
      from: { path: layer(['packet', 'topic', 'engine']) },
      to: { path: '^(node:)?(fs|net|tls|http|https|dgram|child_process|worker_threads)(/|$)' },
    },
    ...adapters.map((name) => ({
      name: `${name}-is-a-stranger`,
      severity: 'error',
      from: { path: layer([name]) },
      to: {
        path: '^src/',
        pathNot: [layer([name, 'topic', 'packet', 'base', 'config']), '^src/engine/(ports|store-ports|message)\\.ts$'],
      },
    })),
    {
      name: 'cli-on-top',
      severity: 'error',
      from: { path: '^src/', pathNot: layer(['cli']) },
      to: { path: layer(['cli']) },
    },
    only('ws-in-listen', ['listen'], ['ws']),
    only('yaml-ajv-typebox-in-config', ['config'], ['yaml', 'ajv', 'typebox']),
    only('pino-in-base', ['base'], ['pino']),
    only('commander-mqtt-in-cli', ['cli'], ['commander', 'mqtt']),
    only('re2js-in-authz', ['authz'], ['re2js']),
    only('lmdb-in-store', ['store'], ['lmdb']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
