import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findings, functionsOf, packagesOf, parse } from './source.ts'

// What every message passes through is walked once, synchronously: no promise, closure, event, spread, map, filter or
// forEach. Functions in these files that messages do not pass through are named here, with the reason.
const corridor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/base/ring.ts': {},
  'src/base/sequences.ts': {},
  'src/base/turn.ts': { 'Turn.#run': 'made once for each broker' },
  'src/packet/framer.ts': {},
  'src/packet/decode-publish.ts': {},
  'src/packet/encode-publish.ts': {},
  'src/packet/slab.ts': {},
  'src/topic/name.ts': {},
  'src/engine/intake.ts': { 'Intake.constructor': 'once for each connection' },
  'src/engine/publish.ts': {
    later: 'only for decisions that must be asked for: a door out of the corridor',
    unsafe: 'only while the store fails',
  },
  'src/engine/router.ts': {
    'Router.#deliverOwn': 'only for a client whose own message meets a No Local subscription',
    'Router.#compile': 'once for each topic, until the subscriptions change',
  },
  'src/engine/shared.ts': {},
  'src/engine/access.ts': {},
  'src/engine/receiving.ts': {},
  'src/engine/session.ts': {},
  'src/engine/queue.ts': {},
  'src/engine/held.ts': {},
  'src/engine/commits.ts': {
    'Commits.safe': 'only when a client connects',
    'Commits.ok': 'only while the store fails or is behind',
  },
  'src/engine/outbox.ts': {},
  'src/engine/aliases.ts': {},
  'src/engine/acks.ts': {},
  'src/engine/message.ts': {},
  'src/engine/inflight.ts': { 'Inflight.inOrder': 'only when a connection begins or ends' },
}

for (const [path, exempt] of Object.entries(corridor)) {
  test(`${path} has nothing that costs for each message`, () => {
    const costly = findings(parse(path)).filter(({ place }) => !Object.hasOwn(exempt, place))
    assert.deepEqual(
      costly.map(({ place, line, what }) => `${path}:${line} ${place}: ${what}`),
      [],
    )
  })
}

test('every exemption is of a function that is there and needs it', () => {
  for (const [path, exempt] of Object.entries(corridor)) {
    const file = parse(path)
    const places = new Set(findings(file).map(({ place }) => place))
    for (const place of Object.keys(exempt)) {
      assert.ok(functionsOf(file).has(place), `${path} has no ${place}`)
      assert.ok(places.has(place), `${place} of ${path} needs no exemption`)
    }
  }
})

test('the layers under the adapters import no package', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const files = globSync('src/{base,packet,topic,engine}/*.ts', { cwd: root })
  assert.ok(files.length > 30)
  const imports = files.flatMap((file) => packagesOf(parse(file)).map((name) => `${file} imports ${name}`))
  assert.deepEqual(imports, ['src/base/log.ts imports pino'])
})

test('the engine touches no network, file or process', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const allowed = new Set(['node:buffer', 'node:crypto'])
  const files = globSync('src/{packet,topic,engine}/*.ts', { cwd: root })
  const imports = files.flatMap((file) =>
    [...parse(file).text.matchAll(/from '(node:[^']+)'/g)].flatMap(([, name = '']) =>
      allowed.has(name) ? [] : [`${file} imports ${name}`],
    ),
  )
  assert.deepEqual(imports, [])
})

test('the search finds what it is to find', async (context) => {
  const { default: ts } = await import('typescript')
  const cases = {
    'async function f() {}': 'async',
    'async function f() { await g() }': 'await',
    'function f() { g(() => 1) }': 'a closure',
    'function f() { g(...h) }': 'a spread',
    'function f() { return { ...g } }': 'a spread',
    'function f(...rest) {}': 'rest parameters',
    'function f() { return a.map(g) }': '.map()',
    'class C { m() { a.forEach(g) } }': '.forEach()',
    'class C { get m() { return new Promise(g) } }': 'a promise',
    'function f() { return Promise.all(g) }': 'a promise',
  }
  for (const [text, what] of Object.entries(cases)) {
    await context.test(text, () => {
      const found = findings(ts.createSourceFile('case.ts', text, ts.ScriptTarget.Latest, true))
      assert.ok(found.some((finding) => finding.what === what))
    })
  }
  assert.deepEqual(
    findings(ts.createSourceFile('case.ts', 'const a = b.map(() => 1)', ts.ScriptTarget.Latest, true)),
    [],
  )
})
