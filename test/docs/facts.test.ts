import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Counters } from '../../src/base/counters.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { refuseUnprotected } from '../../src/config/listeners.ts'
import { loadConfig } from '../../src/config/load.ts'
import { fileName } from '../../src/config/names.ts'
import { configSchema } from '../../src/config/schema.ts'
import { SysTree } from '../../src/metrics/sys.ts'
import { blocksOf, documents, root } from './document.ts'
import { Workplace } from './workplace.ts'

for (const document of documents()) {
  const blocks = blocksOf(document).filter(({ language }) => language === 'yaml')
  if (blocks.length === 0) continue
  test(`every configuration in ${document.path} is accepted, or refused where the page says so`, () => {
    using workplace = new Workplace()
    for (const { text, words, line } of blocks) {
      const file = workplace.write('example.yaml', text)
      const load = () => refuseUnprotected(loadConfig({ file }))
      if (words.includes('fails')) assert.throws(load, BrokerError, `line ${line}`)
      else assert.doesNotThrow(load, `line ${line}`)
    }
  })
}

function page(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

test('the page on limits names every option of limits, session, queue and retained, and no other', () => {
  const { properties } = configSchema
  const sections = {
    limits: properties.limits,
    session: properties.session,
    queue: properties.queue,
    retained: properties.retained,
  }
  const options = Object.entries(sections).flatMap(([name, section]) =>
    Object.keys(section.properties).map((option) => `${name}.${fileName(option)}`),
  )
  const named = [...page('docs/limits.md').matchAll(/`((?:limits|session|queue|retained)\.\w+)`/g)].map(
    ([, name]) => name,
  )
  assert.deepEqual([...new Set(named)].sort(), options.sort())
})

test('the page on $SYS names every topic that is published, and no other', () => {
  const certificates = () => [['…', 0]] as const
  const tree = new SysTree({ counters: new Counters(), version: '', uptime: () => 0, store: () => 'ok', certificates })
  const published = tree.changed(0).map(([topic]) => topic.replace(/^\$SYS\/broker\//, ''))
  const loads = /^load\/(.*)\/\d+min$/
  const expected = published.map((topic) => topic.replace(loads, 'load/$1/…'))
  const named = [...page('docs/sys.md').matchAll(/^\| `([^`]+)`/gm)].map(([, topic]) => topic)
  assert.deepEqual([...named].sort(), [...new Set(expected)].sort())
})
