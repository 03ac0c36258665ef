import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { readOrderedRules } from '../../../../src/authz/ordered-rules/ordered-rules.ts'
import { blocksOf, readDocument } from '../../../docs/document.ts'
import { Rules, subjectOf } from './kit.ts'

/** The text of the file of this name on a page. */
function fileOn(page: string, name: string): string {
  return blocksOf(readDocument(page)).find(({ words }) => words.includes(name))?.text ?? ''
}

test('the access control file of the manual does what the manual says of its subscriptions', () => {
  const text = fileOn('docs/access-mosquitto.md', 'acl.txt')
  const answers = (['any', 'overlapping', 'contained'] as const).map((mode) => {
    const rules = new Rules(readMosquittoAcl, text, mode)
    return ['cmd/#', 'cmd/door', 'other/#'].map((filter) => rules.allows(subjectOf('hall'), 'subscribe', filter))
  })
  assert.deepEqual(answers, [
    [true, true, true],
    [true, true, false],
    [false, true, false],
  ])
  const rules = new Rules(readMosquittoAcl, text)
  assert.equal(rules.allows(subjectOf('hall'), 'receive', 'cmd/secret'), false)
  assert.equal(rules.allows(subjectOf(null), 'receive', 'news/1'), true)
  assert.deepEqual(rules.remarks, [])
})

test('the ordered rules of the manual do what the manual says', () => {
  const rules = new Rules(readOrderedRules, fileOn('docs/access-ordered-rules.md', 'rules.yaml'))
  const device = subjectOf('device1')
  assert.equal(rules.allows(device, 'publish', '/device1/temperature'), true)
  assert.equal(rules.allows(device, 'publish', '/device2/temperature'), false)
  assert.equal(rules.allows(device, 'publish', 'device1/temperature'), false)
  assert.equal(rules.allows(subjectOf('hall'), 'receive', 'plant/safety/door'), false)
  assert.equal(rules.allows(subjectOf('hall'), 'receive', '$SYS/broker/uptime'), true)
  assert.deepEqual(rules.remarks, [])
})
