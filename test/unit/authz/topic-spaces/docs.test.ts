import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRolePatterns } from '../../../../src/authz/role-patterns/role-patterns.ts'
import { readTopicSpaces } from '../../../../src/authz/topic-spaces/topic-spaces.ts'
import { blocksOf, readDocument } from '../../../docs/document.ts'
import { mistakesOf, Rules, subjectOf } from './kit.ts'

function fileIn(page: string, name: string): string {
  const block = blocksOf(readDocument(page)).find(({ words }) => words.includes(name))
  assert.ok(block)
  return block.text
}

test('the files in the documentation are read, and say what the pages say', () => {
  const page = 'docs/access-topic-spaces.md'
  const factory = fileIn(page, 'factory.yml')
  const spaces = new Rules(readTopicSpaces({ fanoutChecks: false })(new Map([['factory.yml', factory]])))
  const machine = subjectOf('m1', { attributes: { type: 'machine' } })
  const { rule } = spaces.decide(machine, 'publish', 'machines/m1/temp')
  const told = `allowed by ${rule?.place.file}:${rule?.place.line}: ${rule?.text}`
  const texts = blocksOf(readDocument(page)).filter(({ language }) => language === 'text')
  assert.deepEqual(
    texts.slice(0, 1).map(({ text }) => text),
    [told],
  )
  const wrong = factory
    .replace('authenticationName IN', 'authenticationName')
    .replace('Name: machines, topicSpaceName: c', 'Name: machine, topicSpaceName: c')
  assert.notEqual(wrong, factory)
  const mistakes = mistakesOf(readTopicSpaces({ fanoutChecks: false }), wrong, 'factory.yml')
  assert.equal(texts[1]?.text, mistakes.join('\n'))
})

test('the file of roles in the documentation is read', () => {
  const text = fileIn('docs/access-roles.md', 'roles.yml')
  const roles = new Rules(readRolePatterns(new Map([['roles.yml', text]])))
  assert.ok(roles.allows(subjectOf('d1', { method: 'token', roles: ['device'] }), 'publish', 'devices/d1/metric'))
  assert.ok(roles.allows(subjectOf('api-service'), 'subscribe', 'devices/+/metric'))
})
